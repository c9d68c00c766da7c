using Nestegg.Ente.Objects;

namespace Nestegg.Tests.Objects;

public sealed class ObjectKeyTests
{
    [Theory]
    [InlineData("42/0f8b2a44-5a33-4c3e-9a3e-6b0a2b6d2f11", ObjectKind.File)]
    [InlineData("42/file-data/7/mldata", ObjectKind.MlData)]
    [InlineData("42/file-data/7/vid_preview/pv_x", ObjectKind.VideoPreview)]
    [InlineData("42/file-data/7/vid_preview/pv_x_playlist", ObjectKind.VideoPlaylist)]
    [InlineData("42/file-data/7/img_preview/pi_x", ObjectKind.ImagePreview)]
    [InlineData("42/ml-data/7/ggml-clip", ObjectKind.MlData)]
    [InlineData("42/user-attachments/profile_picture/ua_x", ObjectKind.ProfilePicture)]
    public void A_key_says_whose_it_is_and_of_what_kind(string text, ObjectKind kind)
    {
        Assert.True(ObjectKey.TryParse(text, out var key));
        Assert.Equal((42, kind, text), (key.OwnerId, key.Kind, key.ToString()));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("42")]
    [InlineData("odd key")]
    [InlineData("/42")]
    [InlineData("-1/x")]
    [InlineData("files/download/7")]
    [InlineData("99999999999999999999/x")]
    public void What_does_not_begin_with_a_user_is_no_key(string? text) => Assert.False(ObjectKey.TryParse(text, out _));

    [Theory]
    [InlineData("42/file-data")]
    [InlineData("42/file-data/x/mldata")]
    [InlineData("42/photos/file-data/7/mldata")]
    public void A_folder_elsewhere_or_cut_short_belongs_to_no_row_of_derived_data(string text)
    {
        Assert.True(ObjectKey.TryParse(text, out var key));
        Assert.Null(key.FileData);
    }

    [Fact]
    public void A_key_leads_to_the_row_that_names_it()
    {
        Assert.True(ObjectKey.TryParse("42/file-data/7/vid_preview/pv_x", out var preview));
        Assert.Equal((7, "vid_preview"), preview.FileData);
        Assert.True(ObjectKey.TryParse("42/user-attachments/profile_picture/ua_x", out var picture));
        Assert.Equal("ua_x", picture.AttachmentId);
    }

    [Fact]
    public void Names_of_slots_are_equal_when_they_and_their_order_are()
    {
        Assert.Equal(SlotNames.Parse("b2-eu-cen,b5"), SlotNames.Parse("{\"b2-eu-cen\",b5,b5}"));
        Assert.NotEqual(SlotNames.Parse("b5,b2-eu-cen"), SlotNames.Parse("b2-eu-cen,b5"));
        Assert.Equal("b2-eu-cen,b5", SlotNames.Parse("{b2-eu-cen,b5}").ToString());
        Assert.Equal(SlotNames.None, SlotNames.Parse("{}"));
    }
}
