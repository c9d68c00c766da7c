using Nestegg.Cli;
using Nestegg.Cli.Terminal;
using Nestegg.Formats.Age;
using Nestegg.Formats.Minisign;
using Nestegg.Settings;
using Nestegg.Stores.Local;
using Nestegg.TestKit;

namespace Nestegg.Tests.Cli;

/// <summary><c>init</c> for a repository that is there already: whose word counts, and where each hint leads.</summary>
public sealed class AdoptionTests : IDisposable
{
    private const string Init = "init --instance ente --repository repo";

    private readonly TemporaryFolder folder = new();
    private readonly StringWriter output = new();
    private readonly StringWriter error = new();

    public AdoptionTests()
    {
        Directory.CreateDirectory(folder["ente"]);
        File.WriteAllText(folder["ente/museum.yaml"], "db: { host: 127.0.0.1, port: 1, user: u, password: hush }\n");
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task The_identity_file_adopts_and_the_key_is_said_to_be_absent()
    {
        var old = await MakeAsync("--new-identity id.txt --identity-beside-repository");
        File.Move(folder["nestegg.key"], folder["kept.key"]);

        Assert.Equal(ExitCode.Done, await RunAsync($"{Init} --identity id.txt"));
        Assert.Contains("nothing can be added", output.ToString());
        Assert.Contains($"next: put the signing key at {folder["nestegg.key"]}, then nestegg doctor", output.ToString());
        Assert.False(File.Exists(folder["nestegg.key"]));
        var adopted = Load();
        Assert.Equal(
            (old.Recipients.Single(), old.SigningPublicKey, folder["nestegg.key"], folder["id.txt"]),
            (adopted.Recipients.Single(), adopted.SigningPublicKey, adopted.SigningKeyPath, adopted.IdentityMadeAt));

        Assert.Equal(ExitCode.BadInput, await RunAsync("backup"));
        Assert.Contains("put a copy of it there", error.ToString());
        Assert.Contains("begin a new repository: nestegg init with another --repository and another --config", error.ToString());

        // The hint taken at its word: the backup gets as far as the database, which this instance has not.
        File.Move(folder["kept.key"], folder["nestegg.key"]);
        Assert.DoesNotContain("signing key", await ErrorOfAsync("backup"));
    }

    [Theory]
    [InlineData("", "nestegg.key")]
    [InlineData("--signing-key kept.key", "kept.key")]
    public async Task The_signing_key_adopts_by_itself(string option, string place)
    {
        await MakeAsync("--new-identity id.txt --identity-beside-repository");
        File.Delete(folder["id.txt"]);
        File.Move(folder["nestegg.key"], folder["moved"]);
        File.Move(folder["moved"], folder[place]);

        // Without a snapshot nobody has signed who the recipients are.
        var recipient = RecipientOf("repo");
        var refused = await ErrorOfAsync($"{Init} {option}");
        Assert.Contains("nothing says whether the recipients in nestegg.json are yours", refused);
        Assert.Contains("give each of them with --recipient", refused);
        Assert.Equal(ExitCode.Done, await RunAsync($"{Init} {option} --recipient {recipient}"));
        Assert.Contains("next: nestegg doctor", output.ToString());
        Assert.Equal(folder[place], Load().SigningKeyPath);
    }

    [Fact]
    public async Task What_the_newest_signed_snapshot_was_made_with_says_who_the_recipients_are()
    {
        await using var store = LocalStore.Create(folder["repo"], TimeProvider.System);
        using var sample = await SampleRepository.CreateAsync(store, Token);
        await sample.BackUpAsync(new Dictionary<string, byte[]> { ["1/a"] = SampleRepository.Content(100, 1) }, Token);
        await File.WriteAllBytesAsync(folder["nestegg.key"], sample.SigningKey.ToFileText(), Token);
        Assert.Equal(ExitCode.Done, await RunAsync(Init));
        Assert.Equal(sample.Identity.Recipient.ToString(), Load().Recipients.Single());

        // Somebody slips in a recipient of their own.
        File.Delete(folder["nestegg.yaml"]);
        using var thief = AgeIdentity.Generate();
        var description = await File.ReadAllTextAsync(folder["repo/nestegg.json"], Token);
        await File.WriteAllTextAsync(
            folder["repo/nestegg.json"],
            description.Replace(
                $"\"{sample.Identity.Recipient}\"", $"\"{sample.Identity.Recipient}\", \"{thief.Recipient}\"", StringComparison.Ordinal), Token);
        Assert.Equal(ExitCode.Damaged, await RunAsync(Init));
        Assert.Contains("it hashed to", error.ToString());
        Assert.False(File.Exists(folder["nestegg.yaml"]));
        Assert.Contains("given were", await ErrorOfAsync($"{Init} --recipient {sample.Identity.Recipient}"));
    }

    [Fact]
    public async Task Without_identity_or_key_the_options_are_named_and_nothing_is_made()
    {
        await MakeAsync("--new-identity id.txt --identity-beside-repository");
        File.Delete(folder["nestegg.key"]);
        foreach (var options in new[] { "--new-identity id2.txt", "--recipient " + RecipientOf("repo"), "" })
        {
            var said = await ErrorOfAsync($"{Init} {options}");
            Assert.Contains("is a repository already", said);
            Assert.Contains("--identity FILE", said);
            Assert.Contains("--signing-key FILE", said);
        }

        Assert.False(File.Exists(folder["nestegg.key"]) || File.Exists(folder["nestegg.yaml"]) || File.Exists(folder["id2.txt"]));
    }

    [Fact]
    public async Task What_belongs_to_another_repository_does_not_adopt()
    {
        await MakeAsync("--new-identity id.txt --identity-beside-repository");
        using var foreign = AgeIdentity.Generate();
        await File.WriteAllBytesAsync(folder["foreign.txt"], AgeIdentityFile.Write(foreign, DateTimeOffset.UnixEpoch, []), Token);
        using var key = MinisignSecretKey.Generate();
        await File.WriteAllBytesAsync(folder["other.key"], key.ToFileText(), Token);
        Assert.Equal(ExitCode.WrongIdentity, await RunAsync($"{Init} --identity foreign.txt"));
        Assert.Contains("the identity opens nothing at", error.ToString());
        Assert.Contains($"other.key is {key.PublicKey}", await ErrorOfAsync($"{Init} --signing-key other.key"));
        Assert.Contains(
            "that could be adopted", await ErrorOfAsync("init --instance ente --repository nowhere --identity id.txt"));
        Assert.False(Directory.Exists(folder["nowhere"]));
    }

    [Fact]
    public async Task An_identity_without_comments_vouches_for_no_signing_key()
    {
        using var identity = AgeIdentity.Generate();
        await File.WriteAllBytesAsync(folder["plain.txt"], AgeIdentityFile.Write(identity, DateTimeOffset.UnixEpoch, []), Token);
        await MakeAsync($"--recipient {identity.Recipient}");
        File.Delete(folder["nestegg.key"]);
        Assert.Equal(ExitCode.Done, await RunAsync($"{Init} --identity plain.txt"));
        Assert.Contains("only the repository itself says", output.ToString());
    }

    [Fact]
    public async Task The_identity_that_the_repository_keeps_adopts_with_its_passphrase()
    {
        await File.WriteAllTextAsync(folder["phrase"], "correct horse\n", Token);
        await MakeAsync("--passphrase-file phrase");
        File.Delete(folder["nestegg.key"]);
        Assert.Contains("--passphrase (that of the identity which the repository keeps)", await ErrorOfAsync(Init));
        Assert.Equal(ExitCode.Done, await RunAsync($"{Init} --passphrase-file phrase"));
        Assert.Contains("nothing can be added", output.ToString());
        Assert.DoesNotContain("only the repository itself", output.ToString());
    }

    [Fact]
    public async Task A_repository_with_another_key_than_the_one_written_down_is_refused_where_the_secret_key_is_absent()
    {
        await MakeAsync("--new-identity id.txt --identity-beside-repository", keepConfiguration: true);
        File.Delete(folder["nestegg.key"]);
        using var key = MinisignSecretKey.Generate();
        var description = await File.ReadAllTextAsync(folder["repo/nestegg.json"], Token);
        await File.WriteAllTextAsync(
            folder["repo/nestegg.json"],
            description.Replace(Load().SigningPublicKey!, key.PublicKey.ToString(), StringComparison.Ordinal), Token);
        Assert.Equal(ExitCode.Damaged, await RunAsync("snapshots"));
    }

    /// <summary>Makes a repository, and loses its nestegg.yaml.</summary>
    private async Task<NesteggConfiguration> MakeAsync(string options, bool keepConfiguration = false)
    {
        Assert.Equal(ExitCode.Done, await RunAsync($"{Init} {options}"));
        var configuration = Load();
        if (!keepConfiguration)
        {
            File.Delete(folder["nestegg.yaml"]);
        }

        output.GetStringBuilder().Clear();
        return configuration;
    }

    private NesteggConfiguration Load() => NesteggConfiguration.Load(folder["nestegg.yaml"], new Dictionary<string, string>());

    private string RecipientOf(string repository) =>
        System.Text.RegularExpressions.Regex.Match(File.ReadAllText(folder[$"{repository}/nestegg.json"]), "age1[a-z0-9]+").Value;

    private async Task<string> ErrorOfAsync(string arguments)
    {
        error.GetStringBuilder().Clear();
        Assert.NotEqual(ExitCode.Done, await RunAsync(arguments));
        return error.ToString();
    }

    private Task<ExitCode> RunAsync(string arguments) => CommandLine.RunAsync(
        arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries),
        new CommandHost
        {
            Out = output, Error = error, WorkingFolder = folder.Path,
            Environment = new Dictionary<string, string> { ["HOME"] = folder.Path, ["XDG_CACHE_HOME"] = folder["cache"] },
        },
        Token);
}
