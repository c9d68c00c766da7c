using System.Diagnostics.Metrics;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Nestegg.Cli;
using Nestegg.Cli.Terminal;
using Nestegg.Ente.Cryptography;
using Nestegg.Ente.Database;
using Nestegg.TestKit;
using Nestegg.TestKit.Instances;
using Nestegg.TestKit.Museum;

namespace Nestegg.Tests.Export;

/// <summary><c>export --live</c> as a person types it, against a server that answers as the real museum was recorded to.</summary>
public sealed class LiveExportTests(KnownInstances instances) : IDisposable
{
    private readonly TemporaryFolder folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    [Theory]
    [InstanceData("t1", Role.Owner, true)]
    [InstanceData("t2", Role.Owner, false)]
    [InstanceData("t2", Role.Sharee, true)]
    public async Task Every_byte_is_the_official_program_s_and_no_token_reaches_the_store(
        string name, string moment, Role role, bool byPassword)
    {
        var known = (await instances.OpenAsync(name, Token))[moment];
        var (code, output, error, museum) = await ExportAsync(known, role, byPassword);
        Assert.Equal((ExitCode.Done, ""), (code, error));
        Assert.Empty(museum.Store.Leaks);
        Assert.Equal(0, museum.OpenSessions);
        Assert.InRange(museum.Store.MostActive, 2, 12);
        foreach (var path in known[role].Export!)
        {
            Assert.Equal(path.Sha256,
                Convert.ToHexStringLower(SHA256.HashData(await File.ReadAllBytesAsync(Path.Combine(folder["photos"], path.Path), Token))));
        }

        Assert.Equal(0, JsonDocument.Parse(output.TrimEnd().Split('\n')[^1]).RootElement.GetProperty("problems").GetInt64());
        Assert.Equal(known[role].AuthCodes.Count > 0, File.Exists(Path.Combine(folder["photos"], "ente_auth.txt")));
    }

    [Theory]
    [InstanceData]
    public async Task Locker_is_exported_with_a_second_sign_in(string name)
    {
        var known = (await instances.OpenAsync(name, Token))["t2"];
        var (code, _, _, _) = await ExportAsync(known, Role.Keeper, byPassword: false, "--locker");
        Assert.Equal(ExitCode.Done, code);
        var album = known[Role.Keeper].Albums.First(album => album.App == "locker");
        Assert.All(album.Files, file =>
            Assert.True(File.Exists(folder[$"photos/Locker/{album.Name}/{file.Name}{(file.HasContent ? "" : ".json")}"])));
    }

    [Theory]
    [InstanceData(false)]
    [InstanceData(true)]
    public async Task The_password_s_key_is_derived_once_whatever_the_number_of_apps(string name, bool emailMfa)
    {
        var known = (await instances.OpenAsync(name, Token))["t2"];
        using var derivations = new DerivationCount();
        var (code, _, _, _) = await ExportAsync(known, Role.Keeper, byPassword: true, museum => museum.EmailMfa = emailMfa, "--locker");
        Assert.Equal(ExitCode.Done, code);
        Assert.Equal(1, derivations.Count);
    }

    private Task<(ExitCode Code, string Output, string Error, RecordedMuseum Museum)> ExportAsync(
        KnownMoment known, Role role, bool byPassword, params string[] more) =>
        ExportAsync(known, role, byPassword, _ => { }, more);

    private async Task<(ExitCode Code, string Output, string Error, RecordedMuseum Museum)> ExportAsync(
        KnownMoment known, Role role, bool byPassword, Action<RecordedMuseum> prepare, params string[] more)
    {
        await using var dump = File.OpenRead(known.DumpPath);
        await using var database = await ArchiveDatabase.LoadAsync(dump, EnteTables.Library, Path.GetTempPath(), Token);
        var person = known[role];
        await using var museum = await RecordedMuseum.StartAsync(
            database.Connection, new Dictionary<string, MuseumAccount> { [person.Email] = new(person.UserId, person.TotpSecret) },
            known.Paths.GetValueOrDefault, Token);
        museum.Store.Delay = TimeSpan.FromMilliseconds(5);
        prepare(museum);
        await File.WriteAllTextAsync(folder["secret"], byPassword ? person.Password : person.RecoveryWords, Token);
        var environment = new Dictionary<string, string> { ["NESTEGG_EMAIL_CODE"] = "204060" };
        if (person.TotpSecret is not null)
        {
            environment["NESTEGG_TOTP"] = Totp.Code(person.TotpSecret, DateTimeOffset.UtcNow);
        }

        var (output, error) = (new StringWriter(new StringBuilder()), new StringWriter(new StringBuilder()));
        var host = new CommandHost { Out = output, Error = error, Environment = environment, WorkingFolder = folder.Path };
        string[] arguments =
        [
            "export", "--live", museum.Endpoint.ToString(), "--user", person.Email, byPassword ? "--password-file" : "--recovery-key-file",
            "secret", "--to", "photos", "--json", .. more,
        ];
        var code = await CommandLine.RunAsync(arguments, host, Token);
        return (code, output.ToString(), error.ToString(), museum);
    }
}

/// <summary>Counts the derivations of passwords' keys on behalf of one test: others run at the same time.</summary>
internal sealed class DerivationCount : IDisposable
{
    private static readonly AsyncLocal<DerivationCount?> Current = new();
    private readonly MeterListener listener = new();
    private long count;

    public DerivationCount()
    {
        Current.Value = this;
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (instrument.Meter.Name == "Nestegg.Ente" && instrument.Name == Argon2id.CounterName)
            {
                self.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<long>((_, added, _, _) =>
        {
            if (Current.Value == this)
            {
                Interlocked.Add(ref count, added);
            }
        });
        listener.Start();
    }

    public long Count => Interlocked.Read(ref count);

    public void Dispose()
    {
        listener.Dispose();
        Current.Value = null;
    }
}
