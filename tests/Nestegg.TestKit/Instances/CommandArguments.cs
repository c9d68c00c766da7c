namespace Nestegg.TestKit.Instances;

/// <summary>What is typed for each command of a running instance and its repository.</summary>
public static class CommandArguments
{
    /// <summary>Every command that reads a database or a dump of it, but for the restore, which needs a target.</summary>
    /// <param name="folder">A place for what an export writes; new for each.</param>
    public static IEnumerable<string[]> OfAll(this RunningInstance instance, string folder)
    {
        var owner = instance.Moment[Role.Owner];
        var key = instance["recovery.key"];
        File.WriteAllText(key, owner.RecoveryWords);
        string[] repository = ["--repository", instance.RepositoryFolder];
        string[] snapshot = [.. repository, "--identity", instance.IdentityPath];
        string[] person = [.. snapshot, "--user", owner.Email, "--recovery-key-file", key];
        foreach (var live in instance.Live())
        {
            yield return live;
        }

        yield return ["check", .. repository];
        yield return ["audit", "--snapshot", "latest", .. snapshot];
        yield return ["prove", .. person];
        yield return ["find", "--name", "*", .. person];
        yield return ["export", "--to", folder, .. person];
    }

    /// <summary>Those that ask the live database.</summary>
    public static IEnumerable<string[]> Live(this RunningInstance instance)
    {
        string[] configuration = ["--config", instance.ConfigurationPath];
        yield return ["doctor", .. configuration];
        yield return ["backup", .. configuration];
        yield return ["audit", "--live", .. configuration];
    }

    /// <summary>Into a new instance.</summary>
    public static string[] Restore(this RunningInstance instance, string into, IEnumerable<string> map) =>
    [
        "restore", "--repository", instance.RepositoryFolder, "--identity", instance.IdentityPath, "--into", into,
        .. map.SelectMany(entry => new[] { "--map", entry }),
    ];
}
