using Nestegg.TestKit.Instances;

namespace Nestegg.Tests.Proof;

/// <summary>Every account of every known instance at both moments, through the command line.</summary>
public sealed class InstanceProofTests(ProvedInstances repositories) : IClassFixture<ProvedInstances>
{
    [Theory]
    [InstanceData("t1", Role.Owner)]
    [InstanceData("t1", Role.Sharee)]
    [InstanceData("t1", Role.Keeper)]
    [InstanceData("t2", Role.Owner)]
    [InstanceData("t2", Role.Sharee)]
    [InstanceData("t2", Role.Keeper)]
    public async Task Everything_is_proved_by_recovery_key(string name, string moment, Role role)
    {
        var proved = await repositories.OpenAsync(name);
        AssertComplete(await proved.ProveAsync(moment, role, "--without-record"), proved.Instance[moment][role]);
    }

    [Theory]
    [InstanceData("t1", Role.Owner)]
    [InstanceData("t1", Role.Sharee)]
    [InstanceData("t1", Role.Keeper)]
    [InstanceData("t2", Role.Owner)]
    [InstanceData("t2", Role.Sharee)]
    [InstanceData("t2", Role.Keeper)]
    [InstanceData("t1", Role.Elder, Only = KnownInstances.Sample)]
    [InstanceData("t2", Role.Elder, Only = KnownInstances.Sample)]
    public async Task Everything_is_proved_by_password(string name, string moment, Role role)
    {
        var proved = await repositories.OpenAsync(name);
        var person = proved.Instance[moment][role];
        var run = await proved.RunAsync(
            "prove", "--snapshot", proved.Snapshots[moment], "--user", person.Email, "--password-file", $"{moment}-{role}-password",
            "--identity", "identity.txt", "--without-record");
        AssertComplete(run, person);
    }

    private static void AssertComplete(CliRun run, KnownPerson expected)
    {
        Assert.True(run.Code == ExitCode.Done, run.Output + run.Error);
        Assert.Empty(run.Findings);
        var (files, counts) = (expected.Files, expected.Counts);
        Assert.Equal(expected.Albums.Count, run["albums"]);
        Assert.Equal(files.Count, run["files"] - run["trash"]);
        Assert.Equal((run["files"], 0L, files.LongCount(file => file.HasContent && file.Hash is null)),
            (run["proved"], run["notProved"], run["withoutHash"]));
        Assert.Equal(files.Count(file => !file.HasContent), run["lockerItems"]);
        Assert.Equal(run["files"] - run["lockerItems"], run["thumbnails"]);
        Assert.Equal(files.Count(file => file.Type == 2), run["livePhotos"]);
        Assert.InRange(run["decryptedBytes"], files.Sum(file => file.SizeBytes), long.MaxValue);
        Assert.Equal((expected.AuthCodes.Count, counts.Entities), (run["authCodes"], run["entities"]));
        Assert.Equal((counts.Trash, counts.DerivedObjects), (run["trash"], run["derivedObjects"]));
        Assert.Equal((counts.Comments, counts.Reactions), (run["comments"], run["reactions"]));
        Assert.Equal((counts.Contacts, counts.ContactPictures), (run["contacts"], run["contactPictures"]));
        Assert.Equal((counts.MemoryShares, counts.FileLinks), (run["memoryShares"], run["fileLinks"]));
        Assert.Equal((counts.EntrustedAccounts, counts.LegacyKits), (run["entrustedAccounts"], run["legacyKits"]));
        Assert.Equal("proved", run.Summary.GetProperty("verdict").GetString());
    }
}
