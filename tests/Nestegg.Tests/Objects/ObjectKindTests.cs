using CsCheck;
using Nestegg.Ente.Objects;

namespace Nestegg.Tests.Objects;

public sealed class ObjectKindTests
{
    private const long PlainChunkBytes = 4 << 20;

    [Fact]
    public void The_length_of_every_encrypted_file_is_possible() =>
        Gen.Long[0, 10L << 30].Sample(
            plain => ObjectKind.File.CanBeOfLength(plain + (17 * Math.Max(1, (plain + PlainChunkBytes - 1) / PlainChunkBytes))));

    [Fact]
    public void A_rest_that_is_too_short_for_a_chunk_is_not_possible() =>
        Gen.Select(Gen.Long[0, 2000], Gen.Long[1, 16])
            .Sample((chunks, rest) => !ObjectKind.File.CanBeOfLength((chunks * (PlainChunkBytes + 17)) + rest));

    [Theory]
    [InlineData(ObjectKind.File, 17, true)]
    [InlineData(ObjectKind.File, 16, false)]
    [InlineData(ObjectKind.File, 0, false)]
    [InlineData(ObjectKind.File, 4194321, true)]
    [InlineData(ObjectKind.File, 4194322, false)]
    [InlineData(ObjectKind.File, 4194338, true)]
    [InlineData(ObjectKind.Thumbnail, 16, false)]
    [InlineData(ObjectKind.Thumbnail, 4194322, true)]
    [InlineData(ObjectKind.ProfilePicture, 40, false)]
    [InlineData(ObjectKind.ProfilePicture, 41, true)]
    [InlineData(ObjectKind.MlData, 1, false)]
    [InlineData(ObjectKind.VideoPlaylist, 2, true)]
    [InlineData(ObjectKind.VideoPreview, 0, false)]
    [InlineData(ObjectKind.ImagePreview, 17, true)]
    public void Each_kind_has_its_least_length(ObjectKind kind, long sizeBytes, bool isPossible) =>
        Assert.Equal(isPossible, kind.CanBeOfLength(sizeBytes));

    [Fact]
    public void A_kind_is_named_as_programs_write_it() => Assert.Equal(
        ["file", "thumbnail", "ml-data", "video-preview", "video-playlist", "image-preview", "profile-picture"],
        Enum.GetValues<ObjectKind>().Select(kind => kind.Name));

    [Fact]
    public void What_Ente_can_make_again_is_derived() => Assert.Equal(
        [ObjectKind.MlData, ObjectKind.VideoPreview, ObjectKind.VideoPlaylist, ObjectKind.ImagePreview],
        Enum.GetValues<ObjectKind>().Where(kind => kind.IsDerived));
}
