using System.Text;
using System.Text.Json;
using Nestegg.Cli;
using Nestegg.Cli.Terminal;
using Nestegg.Stores.Local;
using Nestegg.TestKit;
using Nestegg.TestKit.Instances;

namespace Nestegg.Tests.Proof;

/// <summary>For each known instance that a class asks for: a repository with both of its moments, made once for the class.</summary>
public sealed class ProvedInstances(KnownInstances instances) : IAsyncDisposable
{
    private readonly SemaphoreSlim making = new(1);
    private readonly Dictionary<string, ProvedInstance> made = [];

    internal async Task<ProvedInstance> OpenAsync(string name)
    {
        await making.WaitAsync(TestContext.Current.CancellationToken);
        try
        {
            if (!made.TryGetValue(name, out var proved))
            {
                made.Add(name, proved = await ProvedInstance.MakeAsync(await instances.OpenAsync(name, CancellationToken.None)));
            }

            return proved;
        }
        finally
        {
            making.Release();
        }
    }

    public ValueTask DisposeAsync()
    {
        foreach (var proved in made.Values)
        {
            proved.Folder.Dispose();
        }

        making.Dispose();
        return ValueTask.CompletedTask;
    }
}

/// <summary>A repository with both moments of a known instance, and files with everybody's passwords and recovery keys.</summary>
internal sealed class ProvedInstance
{
    private ProvedInstance(KnownInstance instance) => Instance = instance;

    public KnownInstance Instance { get; }

    public TemporaryFolder Folder { get; } = new();

    /// <summary>Snapshot ids by moment.</summary>
    public Dictionary<string, string> Snapshots { get; } = [];

    public string Repository => Folder["repository"];

    public static async Task<ProvedInstance> MakeAsync(KnownInstance instance)
    {
        var proved = new ProvedInstance(instance);
        await using var store = LocalStore.Create(proved.Repository, TimeProvider.System);
        using var sample = await SampleRepository.CreateAsync(store, CancellationToken.None);
        await File.WriteAllBytesAsync(proved.Folder["identity.txt"], [.. sample.Identity.ToText(), (byte)'\n']);
        foreach (var moment in instance.Moments)
        {
            proved.Snapshots[moment.Name] = (await sample.BackUpAsync(moment, CancellationToken.None)).Id.ToString();
            foreach (var person in moment.People)
            {
                await File.WriteAllTextAsync(proved.Folder[$"{moment.Name}-{person.Role}-words"], person.RecoveryWords + "\n");
                await File.WriteAllTextAsync(proved.Folder[$"{moment.Name}-{person.Role}-password"], person.Password + "\n");
            }
        }

        return proved;
    }

    /// <summary>Proves by recovery key, which takes no time.</summary>
    public Task<CliRun> ProveAsync(string moment, Role role, params string[] more) => RunAsync(
        ["prove", "--snapshot", Snapshots[moment], "--user", Instance[moment][role].Email, "--recovery-key-file",
            $"{moment}-{role}-words", "--identity", "identity.txt", .. more]);

    public async Task<CliRun> RunAsync(params string[] arguments)
    {
        var (output, error) = (new StringWriter(new StringBuilder()), new StringWriter(new StringBuilder()));
        var host = new CommandHost
        {
            Out = output, Error = error, Environment = new Dictionary<string, string>(), WorkingFolder = Folder.Path,
        };
        var code = await CommandLine.RunAsync(
            [.. arguments, "--json", "--repository", Repository], host, TestContext.Current.CancellationToken);
        return new CliRun(code, output.ToString(), error.ToString());
    }
}

/// <summary>What a run with <c>--json</c> said.</summary>
internal sealed record CliRun(ExitCode Code, string Output, string Error)
{
    public IReadOnlyList<JsonElement> Events { get; } = [.. Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
        .Select(line => JsonDocument.Parse(line).RootElement)];

    public JsonElement Summary => Events.Last(line => line.GetProperty("event").GetString() == "summary");

    public IReadOnlyList<JsonElement> Findings => [.. Events.Where(line => line.GetProperty("event").GetString() == "finding")];

    public string Message => Events.Last(line => line.GetProperty("event").GetString() == "error").GetProperty("message").GetString()!;

    public string Hint => Events.Last(line => line.GetProperty("event").GetString() == "error").GetProperty("hint").GetString()!;

    public long this[string number] => Summary.GetProperty(number).GetInt64();
}
