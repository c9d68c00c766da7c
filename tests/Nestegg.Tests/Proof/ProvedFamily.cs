using System.Text;
using System.Text.Json;
using Nestegg.Cli;
using Nestegg.Cli.Commands;
using Nestegg.Stores;
using Nestegg.TestKit;

namespace Nestegg.Tests.Proof;

/// <summary>A repository with both moments of the recorded instance, and files with everybody's passwords and recovery keys; made once for a class.</summary>
public sealed class ProvedFamily : IAsyncLifetime
{
    public static readonly string[] People = [FamilyAccount.Alice, FamilyAccount.Bob, FamilyAccount.Carol];

    internal TemporaryFolder Folder { get; } = new();

    /// <summary>Snapshot ids by moment.</summary>
    public Dictionary<string, string> Snapshots { get; } = [];

    public string Repository => Folder["repository"];

    public async ValueTask InitializeAsync()
    {
        if (!FixtureFolder.IsPresent) return;
        await using var store = LocalStore.Create(Repository);
        using var sample = await SampleRepository.CreateAsync(store, CancellationToken.None);
        await File.WriteAllBytesAsync(Folder["identity.txt"], [.. sample.Identity.ToText(), (byte)'\n']);
        foreach (var moment in (string[])["t1", "t2"])
        {
            Snapshots[moment] = (await sample.BackUpFamilyAsync(moment, CancellationToken.None)).Id.ToString();
            foreach (var person in People)
            {
                var account = FamilyAccount.Of(moment, person);
                await File.WriteAllTextAsync(Folder[$"{moment}-{person}-words"], account.RecoveryWords + "\n");
                await File.WriteAllTextAsync(Folder[$"{moment}-{person}-password"], account.Password + "\n");
            }
        }
    }

    public ValueTask DisposeAsync()
    {
        Folder.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>Proves by recovery key, which takes no time.</summary>
    internal Task<CliRun> ProveAsync(string moment, string person, params string[] more) =>
        RunAsync(["prove", "--snapshot", Snapshots[moment], "--user", person, "--recovery-key-file", $"{moment}-{person}-words", "--identity", "identity.txt", .. more]);

    internal async Task<CliRun> RunAsync(params string[] arguments)
    {
        Assert.SkipUnless(FixtureFolder.IsPresent, FixtureFolder.SkipReason);
        var (output, error) = (new StringWriter(new StringBuilder()), new StringWriter(new StringBuilder()));
        var host = new CommandHost { Out = output, Error = error, Environment = new Dictionary<string, string>(), WorkingFolder = Folder.Path };
        var code = await CommandLine.RunAsync([.. arguments, "--json", "--repository", Repository], host, TestContext.Current.CancellationToken);
        return new CliRun(code, output.ToString(), error.ToString());
    }
}

/// <summary>What a run with <c>--json</c> said.</summary>
internal sealed record CliRun(ExitCode Code, string Output, string Error)
{
    public IReadOnlyList<JsonElement> Events { get; } = [.. Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement)];

    public JsonElement Summary => Events.Last(line => line.GetProperty("event").GetString() == "summary");

    public IReadOnlyList<JsonElement> Findings => [.. Events.Where(line => line.GetProperty("event").GetString() == "finding")];

    public string Message => Events.Last(line => line.GetProperty("event").GetString() == "error").GetProperty("message").GetString()!;

    public string Hint => Events.Last(line => line.GetProperty("event").GetString() == "error").GetProperty("hint").GetString()!;

    public long this[string number] => Summary.GetProperty(number).GetInt64();
}
