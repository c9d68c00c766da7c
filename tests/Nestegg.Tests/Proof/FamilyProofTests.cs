using Nestegg.TestKit;

namespace Nestegg.Tests.Proof;

/// <summary>Every account of the recorded instance at both moments, through the command line.</summary>
public sealed class FamilyProofTests(ProvedFamily family) : IClassFixture<ProvedFamily>
{
    public static TheoryData<string, string> MomentsAndPeople => new(from moment in (string[])["t1", "t2"] from person in ProvedFamily.People select (moment, person));

    [Theory]
    [MemberData(nameof(MomentsAndPeople))]
    public async Task Everything_is_proved_by_recovery_key(string moment, string person)
    {
        var run = await family.ProveAsync(moment, person, "--without-record");
        Assert.True(run.Code == ExitCode.Done, run.Output + run.Error);
        Assert.Empty(run.Findings);
        AssertComplete(run, moment, person);
    }

    [Theory]
    [MemberData(nameof(MomentsAndPeople))]
    public async Task Everything_is_proved_by_password(string moment, string person)
    {
        var run = await family.RunAsync(
            "prove", "--snapshot", family.Snapshots.GetValueOrDefault(moment, moment), "--user", person, "--password-file", $"{moment}-{person}-password", "--identity", "identity.txt", "--without-record");
        Assert.True(run.Code == ExitCode.Done, run.Output + run.Error);
        Assert.Empty(run.Findings);
        AssertComplete(run, moment, person);
    }

    private static void AssertComplete(CliRun run, string moment, string person)
    {
        var expected = FamilyAccount.Of(moment, person).Expected;
        var albums = new[] { "photos", "locker" }.Where(app => expected.TryGetProperty(app, out _)).SelectMany(app => expected.GetProperty(app).EnumerateArray()).ToList();
        var files = albums.SelectMany(album => album.GetProperty("files").EnumerateArray()).DistinctBy(file => file.GetProperty("id").GetInt64()).ToList();
        Assert.Equal(albums.Count, run["albums"]);
        Assert.Equal(files.Count, run["files"] - run["trash"]);
        Assert.Equal((run["files"], 0L, 0L), (run["proved"], run["notProved"], run["withoutHash"]));
        Assert.Equal(files.Count(file => file.TryGetProperty("info", out _)), run["lockerItems"]);
        Assert.Equal(run["files"] - run["lockerItems"], run["thumbnails"]);
        Assert.Equal(files.Count(file => file.TryGetProperty("parts", out _)), run["livePhotos"]);
        Assert.InRange(run["decryptedBytes"], files.Sum(file => file.TryGetProperty("size", out var size) ? size.GetInt64() : 0), long.MaxValue);
        var isAlice = person == FamilyAccount.Alice;
        Assert.Equal((isAlice ? 2 : 0, isAlice ? 2 : 0), (run["authCodes"], run["entities"]));
        Assert.Equal(!isAlice ? 0 : moment == "t1" ? 2 : 7, run["trash"]);
        Assert.Equal(isAlice ? 8 : person == FamilyAccount.Bob ? 6 : 0, run["derivedObjects"]);
        var isInFamily = person == FamilyAccount.Carol ? 0 : 1;
        Assert.Equal((isInFamily, isInFamily), (run["comments"], run["reactions"]));
        // Bob is Alice's legacy contact.
        Assert.Equal(person == FamilyAccount.Bob ? 1 : 0, run["entrustedAccounts"]);
        Assert.Equal("proved", run.Summary.GetProperty("verdict").GetString());
    }
}
