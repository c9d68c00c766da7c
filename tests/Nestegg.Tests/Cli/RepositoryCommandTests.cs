using System.Text;
using System.Text.Json;
using Nestegg.Cli;
using Nestegg.Cli.Terminal;
using Nestegg.Formats.Age;
using Nestegg.Repositories;
using Nestegg.Stores.Local;
using Nestegg.TestKit;

namespace Nestegg.Tests.Cli;

/// <summary>Commands on a repository: <c>check</c>, and how identities are given, with <c>audit</c> for an example.</summary>
public sealed class RepositoryCommandTests : IDisposable
{
    private const string Passphrase = "correct horse";

    private readonly TemporaryFolder folder = new();
    private readonly StringWriter output = new();
    private readonly StringWriter error = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_whole_repository_passes_every_check()
    {
        using var sample = await MakeAsync();
        foreach (var arguments in new[]
        {
            "check",
            "check --read",
            "check --read-subset 100%",
            "check --read-subset 1/1",
            "check --read-subset next/3",
        })
        {
            Assert.Equal(ExitCode.Done, await RunAsync(arguments));
        }

        output.GetStringBuilder().Clear();
        await RunAsync("check --read --json");
        var summary = Summary();
        Assert.Equal((1, 2, 0), (summary.GetProperty("snapshots")
            .GetInt32(), summary.GetProperty("liveRows").GetInt32(), summary.GetProperty("errors").GetInt32()));
        Assert.True(summary.GetProperty("readBytes").GetInt64() > 1_100_000);
    }

    [Fact]
    public async Task A_changed_byte_is_damage_for_a_reading_check_alone()
    {
        using var sample = await MakeAsync();
        var path = Directory.EnumerateFiles(folder["repository/objects"], "*", SearchOption.AllDirectories).Single();
        var content = await File.ReadAllBytesAsync(path, Token);
        content[1000] ^= 1;
        await File.WriteAllBytesAsync(path, content, Token);
        Assert.Equal(ExitCode.Done, await RunAsync("check"));
        Assert.Equal(ExitCode.Damaged, await RunAsync("check --read --quiet"));
        Assert.Contains(Path.GetFileName(path), output.ToString());
    }

    [Theory]
    [InlineData("check --read-subset 0%", "--read-subset 0% is no part")]
    [InlineData("check --read-subset 4/3", "--read-subset 4/3 is no part")]
    [InlineData("check --read --read-subset 5%", "--read and --read-subset exclude each other")]
    [InlineData("audit --live --snapshot latest", "--live and --snapshot exclude each other")]
    public async Task What_cannot_be_asked_is_said(string arguments, string message)
    {
        using var sample = await MakeAsync();
        Assert.Equal(ExitCode.BadInput, await RunAsync(arguments));
        Assert.StartsWith($"error: {message}\nhint: ", error.ToString());
    }

    [Fact]
    public async Task Without_an_identity_it_is_said_which_one_is_needed()
    {
        using var sample = await MakeAsync();
        Assert.Equal(ExitCode.WrongIdentity, await RunAsync("audit --snapshot latest"));
        Assert.Contains("keeps none under a passphrase", error.ToString());
        Assert.Contains("hint: give the identity file with --identity FILE", error.ToString());
    }

    [Fact]
    public async Task An_identity_file_that_is_absent_is_bad_input()
    {
        using var sample = await MakeAsync();
        Assert.Equal(ExitCode.BadInput, await RunAsync("audit --identity nowhere.txt"));
        Assert.Contains($"the identity file {folder["nowhere.txt"]} does not exist", error.ToString());
    }

    [Fact]
    public async Task A_foreign_identity_does_not_open_the_snapshot_and_one_of_several_does()
    {
        using var sample = await MakeAsync();
        using var foreign = AgeIdentity.Generate();
        await File.WriteAllBytesAsync(folder["foreign.txt"], AgeIdentityFile.Write(foreign, DateTimeOffset.UnixEpoch, []), Token);
        await File.WriteAllBytesAsync(folder["mine.txt"], AgeIdentityFile.Write(sample.Identity, DateTimeOffset.UnixEpoch, []), Token);
        Assert.Equal(ExitCode.WrongIdentity, await RunAsync("audit --identity foreign.txt"));
        Assert.Contains(foreign.Recipient.ToString(), error.ToString());

        // What the sample holds in place of a dump is none: to be told so, the identity has to have opened it.
        Assert.Equal(ExitCode.BadInput, await RunAsync("audit --identity foreign.txt --identity mine.txt"));
        Assert.Contains("pg_dump", error.ToString());
    }

    [Fact]
    public async Task An_identity_that_names_another_repository_is_refused()
    {
        using var sample = await MakeAsync();
        var comments = new Dictionary<string, string> { [Repository.RepositoryComment] = new('0', 32) };
        await File.WriteAllBytesAsync(
            folder["other.txt"], AgeIdentityFile.Write(sample.Identity, DateTimeOffset.UnixEpoch, comments), Token);
        Assert.Equal(ExitCode.WrongIdentity, await RunAsync("audit --identity other.txt"));
        Assert.Contains("the identity belongs to the repository 00000000000000000000000000000000", error.ToString());
    }

    [Fact]
    public async Task Snapshots_are_a_table_for_people_numbers_for_programs_and_nothing_when_quiet()
    {
        using var sample = await MakeAsync();
        Assert.Equal(ExitCode.Done, await RunAsync("snapshots --quiet"));
        Assert.Equal("", output.ToString() + error);

        Assert.Equal(ExitCode.Done, await RunAsync("snapshots --json"));
        var row = JsonDocument.Parse(output.ToString().Split('\n')[0]).RootElement;
        Assert.Equal(("snapshot", JsonValueKind.Number), (row.GetProperty("event").GetString(), row.GetProperty("objectBytes").ValueKind));
        Assert.True(row.GetProperty("complete").GetBoolean());

        Assert.Equal(ExitCode.Done, await RunAsync("snapshots"));
        Assert.Contains(row.GetProperty("id").GetString() + "   1970-01-01 00:00Z   yes", output.ToString());
    }

    [Fact]
    public async Task An_identity_under_a_passphrase_takes_it_from_a_file_or_the_environment()
    {
        using var sample = await MakeAsync();
        await File.WriteAllBytesAsync(
            folder["locked.age"], await LockedAsync(AgeIdentityFile.Write(sample.Identity, DateTimeOffset.UnixEpoch, [])), Token);
        await File.WriteAllTextAsync(folder["passphrase"], Passphrase + "\n", Token);
        foreach (var (arguments, variable) in new[] { ("--passphrase-file passphrase", ""), ("", Passphrase) })
        {
            Assert.Equal(ExitCode.BadInput, await RunAsync($"audit --identity locked.age {arguments}", variable));
            Assert.Contains("pg_dump", error.ToString());
            error.GetStringBuilder().Clear();
        }

        Assert.NotEqual(ExitCode.Done, await RunAsync("audit --identity locked.age", "wrong"));
        Assert.DoesNotContain("pg_dump", error.ToString());
        error.GetStringBuilder().Clear();
        Assert.Equal(ExitCode.BadInput, await RunAsync("audit --identity locked.age"));
        Assert.Contains("there is no terminal to ask at", error.ToString());
    }

    private async Task<SampleRepository> MakeAsync()
    {
        await using var store = LocalStore.Create(folder["repository"], TimeProvider.System);
        var sample = await SampleRepository.CreateAsync(store, Token);
        await sample.BackUpAsync(new Dictionary<string, byte[]>
        {
            ["1/large"] = SampleRepository.Content(1_100_000, 1),
            ["1/thumb"] = SampleRepository.Content(5_000, 2),
        }, Token);
        return sample;
    }

    private static async Task<byte[]> LockedAsync(byte[] identity)
    {
        var file = new MemoryStream();
        await using (var writer = await AgeWriter.CreateWithPassphraseAsync(file, Encoding.UTF8.GetBytes(Passphrase), logWork: 10, Token))
        {
            await writer.WriteAsync(identity, Token);
            await writer.CompleteAsync(Token);
        }

        return file.ToArray();
    }

    private JsonElement Summary() => JsonDocument.Parse(output.ToString().TrimEnd().Split('\n')[^1]).RootElement;

    private Task<ExitCode> RunAsync(string arguments, string passphrase = "")
    {
        var environment = new Dictionary<string, string>
        {
            [
            "NESTEGG_PASSPHRASE"] = passphrase, ["XDG_CACHE_HOME"] = folder["cache"], ["HOME"] = folder.Path
        };
        var host = new CommandHost { Out = output, Error = error, Environment = environment, WorkingFolder = folder.Path };
        return CommandLine.RunAsync(
            [.. arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries), "--repository", folder["repository"]], host, Token);
    }
}
