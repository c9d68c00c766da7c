using Nestegg.Server.S3;
using Nestegg.TestKit;

namespace Nestegg.Tests.S3;

/// <summary>What a store does with the multipart uploads that an earlier process has left.</summary>
public sealed class UnfinishedUploadTests : IDisposable
{
    private static readonly ServerLimits Limits = ServerLimits.Default with { MaxUploads = 2, MaxUploadBytes = 10 };
    private static readonly Dictionary<string, string> NoHeaders = [];

    private readonly StillTime clock = StillTime.Off(TimeSpan.Zero);
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void They_count_in_the_next_process()
    {
        var id = Begin(Open(), "a", partBytes: 9);
        var again = Open();
        Refused("QuotaExceeded", () => again.Reserve(2));
        again.Reserve(1).Dispose();
        again.Create("bucket", "b", NoHeaders);
        Refused("QuotaExceeded", () => again.Create("bucket", "c", NoHeaders));
        again.Delete(id);
        again.Create("bucket", "c", NoHeaders);
        again.Reserve(10).Dispose();
    }

    [Fact]
    public void After_a_week_they_are_gone_and_their_room_is_free()
    {
        var store = Open();
        var first = Begin(store, "a", partBytes: 10);
        store.Create("bucket", "b", NoHeaders);
        clock.Advance(Limits.UploadLifetime + TimeSpan.FromSeconds(1));

        Refused("NoSuchUpload", () => store.Get(first, "bucket", "a"));
        var last = store.Create("bucket", "c", NoHeaders);
        Assert.Equal([last], Ids());
        store.Reserve(10).Dispose();

        clock.Advance(Limits.UploadLifetime + TimeSpan.FromSeconds(1));
        Open();
        Assert.Empty(Ids());
    }

    [Fact]
    public void One_that_was_only_half_begun_is_removed()
    {
        var id = Open().Create("bucket", "a", NoHeaders);
        File.Delete(folder[$".multipart/{id}/upload.json"]);
        Open();
        Assert.Empty(Ids());
    }

    private MultipartUploads Open() => new(new BucketFolders(folder.Path), Limits, clock);

    private string Begin(MultipartUploads uploads, string key, int partBytes)
    {
        var id = uploads.Create("bucket", key, NoHeaders);
        File.WriteAllBytes(folder["part"], new byte[partBytes]);
        uploads.AddPart(id, 1, new string('0', 32), folder["part"]);
        return id;
    }

    private IEnumerable<string?> Ids() => Directory.GetDirectories(folder[".multipart"]).Select(Path.GetFileName);

    private static void Refused(string code, Action request) => Assert.Equal(code, Assert.Throws<S3Exception>(request).Code);
}
