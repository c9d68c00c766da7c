using System.Text;
using Nestegg.Formats.Age;
using Nestegg.Formats.Minisign;
using Nestegg.Repositories;
using Nestegg.Stores.Local;
using Nestegg.TestKit;

namespace Nestegg.IntegrationTests.Repositories;

/// <summary>The independent programs read what we write, and we read what they write.</summary>
public sealed class ProgramTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(65536)]
    [InlineData(200_000)]
    public async Task Age_decrypts_what_we_encrypt_and_we_what_age_encrypts(int length)
    {
        Need("age", "age-keygen");
        await RunAsync("age-keygen", "-o", folder["key.txt"]);
        using var identities = await ReadIdentitiesAsync(folder["key.txt"], null);
        var identity = Assert.Single(identities.Identities);
        Assert.Equal(identities.Comments["public key"], identity.Recipient.ToString());
        using var second = AgeIdentity.Generate();
        var content = SampleRepository.Content(length, 1);

        await using (var file = File.Create(folder["ours.age"]))
        await using (var writer = await AgeWriter.CreateAsync(file, [second.Recipient, identity.Recipient], Token))
        {
            await writer.WriteAsync(content, Token);
            await writer.CompleteAsync(Token);
        }

        await RunAsync("age", "-d", "-i", folder["key.txt"], "-o", folder["ours"], folder["ours.age"]);
        Assert.Equal(content, File.ReadAllBytes(folder["ours"]));

        await RunAsync(
            "age", "-r", identity.Recipient.ToString(), "-r", second.Recipient.ToString(), "-o", folder["theirs.age"], folder["ours"]);
        await using var reader = await AgeReader.OpenAsync(File.OpenRead(folder["theirs.age"]), "theirs.age", [second], [], Token);
        Assert.Equal(content, await ReadAllAsync(reader));
    }

    [Fact]
    public async Task Age_opens_our_identity_file_under_a_passphrase_and_we_open_ages()
    {
        Need("age", "age-keygen", "script");
        using var identity = AgeIdentity.Generate();
        var passphrase = "correct horse"u8.ToArray();
        var text = AgeIdentityFile.Write(identity, DateTimeOffset.UnixEpoch, [new("repository", "x")]);
        await using (var file = File.Create(folder["identity.age"]))
        await using (var writer = await AgeWriter.CreateWithPassphraseAsync(file, passphrase, AgePassphrase.DefaultLogWork, Token))
        {
            await writer.WriteAsync(text, Token);
            await writer.CompleteAsync(Token);
        }

        // age asks on the terminal, so it gets one.
        await OnTerminalAsync($"age -d -o {folder["identity"]} {folder["identity.age"]}", "correct horse");
        Assert.Equal(text, File.ReadAllBytes(folder["identity"]));

        await RunAsync("age", "-r", identity.Recipient.ToString(), "-o", folder["secret.age"], folder["identity"]);
        await OnTerminalAsync($"age -d -i {folder["identity.age"]} -o {folder["secret"]} {folder["secret.age"]}", "correct horse");
        Assert.Equal(text, File.ReadAllBytes(folder["secret"]));

        await OnTerminalAsync($"age -p -a -o {folder["theirs.age"]} {folder["identity"]}", "correct horse", "correct horse");
        using var read = await ReadIdentitiesAsync(folder["theirs.age"], passphrase);
        Assert.Equal(identity.Recipient, Assert.Single(read.Identities).Recipient);
    }

    [Fact]
    public async Task Minisign_verifies_our_signature_and_signs_with_our_key()
    {
        Need("minisign");
        using var key = MinisignSecretKey.Generate();
        File.WriteAllBytes(folder["key"], key.ToFileText());
        File.WriteAllText(folder["key.pub"], key.PublicKey.ToFileText());
        File.WriteAllText(folder["file"], "content");
        File.WriteAllBytes(folder["file.minisig"], key.Sign("content"u8, "nestegg snapshot x repository y"));
        var output = await RunAsync("minisign", "-V", "-H", "-p", folder["key.pub"], "-m", folder["file"]);
        Assert.Contains("Trusted comment: nestegg snapshot x repository y", output);

        await RunAsync("minisign", "-S", "-W", "-s", folder["key"], "-m", folder["file"], "-x", folder["theirs"], "-t", "theirs");
        Assert.True(MinisignSignature.TryParse(File.ReadAllBytes(folder["theirs"]), out var signature));
        Assert.True(signature!.Verifies("content"u8, key.PublicKey));
        Assert.Equal("theirs", signature.TrustedComment);

        await RunAsync("minisign", "-R", "-s", folder["key"], "-p", folder["again.pub"], "-f");
        Assert.Equal(key.PublicKey.ToString(), File.ReadAllLines(folder["again.pub"])[1]);
    }

    [Fact]
    public async Task We_sign_with_a_key_that_minisign_made()
    {
        Need("minisign");
        await RunAsync("minisign", "-G", "-W", "-f", "-p", folder["key.pub"], "-s", folder["key"]);
        using var key = MinisignSecretKey.Parse(File.ReadAllBytes(folder["key"]), "key");
        Assert.Equal(File.ReadAllLines(folder["key.pub"])[1], key.PublicKey.ToString());
        File.WriteAllText(folder["file"], "content");
        File.WriteAllBytes(folder["file.minisig"], key.Sign("content"u8, "ours"));
        await RunAsync("minisign", "-V", "-p", folder["key.pub"], "-m", folder["file"]);
    }

    [Fact]
    public async Task A_snapshot_is_read_with_minisign_age_zstd_tar_and_sha256sum()
    {
        Need("minisign", "age", "zstd", "tar", "sha256sum");
        var root = folder["repository"];
        await using var store = LocalStore.Create(root);
        using var sample = await SampleRepository.CreateAsync(store, Token);
        var objects = new Dictionary<string, byte[]>
        {
            ["1/large"] = SampleRepository.Content(
            2_000_000, 1), ["1/a"] = SampleRepository.Content(5, 2), ["1/b"] = SampleRepository.Content(900_000, 3)
        };
        var manifest = await sample.BackUpAsync(objects, Token);
        File.WriteAllBytes(folder["key.txt"], AgeIdentityFile.Write(sample.Identity, DateTimeOffset.UnixEpoch, []));
        var snapshot = Path.Combine(root, "snapshots", manifest.Id.ToString());

        var verified =
            await RunAsync("minisign", "-V", "-P", sample.Repository.Description.SigningKey, "-m", Path.Combine(snapshot, "snapshot.json"));
        Assert.Contains($"nestegg snapshot {manifest.Id} repository {sample.Repository.Description.Id}", verified);
        await RunAsync("age", "-d", "-i", folder["key.txt"], "-o", folder["dump.zst"], Path.Combine(snapshot, "database.dump.zst.age"));
        await RunAsync("zstd", "-d", "-q", folder["dump.zst"], "-o", folder["dump"]);
        Assert.Equal(SampleRepository.Database, File.ReadAllBytes(folder["dump"]));

        var live = await RunAsync("zstd", "-dc", Path.Combine(snapshot, "objects.live.zst"));
        Assert.Equal($"{manifest.Index[0].Name}\t1-3\n", live);
        var rows = (await RunAsync("zstd", "-dc", Path.Combine(root, "index", manifest.Index[0].Name))).TrimEnd('\n').Split('\n')
            .Select(row => row.Split('\t')).ToList();
        Assert.Equal(objects.Keys.Order(), rows.Select(row => row[0]).Order());
        foreach (var row in rows)
        {
            var path = Path.Combine(root, row[4] == "-" ? $"objects/{row[3][..2]}/{row[3]}" : $"packs/{row[4][..2]}/{row[4]}.tar");
            Assert.StartsWith(row[4] == "-" ? row[3] : row[4], await RunAsync("sha256sum", path));
            var extracted = path;
            if (row[4] != "-")
            {
                Assert.Contains(row[3], (await RunAsync("tar", "-tf", path)).Split('\n'));
                await RunAsync("tar", "-xf", path, "-C", folder.Path, row[3]);
                extracted = folder[row[3]];
                Assert.Equal(File.ReadAllBytes(extracted), File.ReadAllBytes(path).AsSpan(int.Parse(row[5]), int.Parse(row[2])).ToArray());
            }

            Assert.Equal(objects[row[0]], File.ReadAllBytes(extracted));
        }
    }

    private static void Need(params string[] programs)
    {
        foreach (var program in programs)
        {
            Assert.SkipUnless(ExternalProgram.Find(program) is not null, $"{program} is not installed");
        }
    }

    private static Task<string> RunAsync(string program, params string[] arguments) => ExternalProgram.RunAsync(program, arguments, Token);

    /// <summary>Runs a command on a terminal of its own and types a line at each prompt.</summary>
    private async Task OnTerminalAsync(string command, params string[] lines)
    {
        var typing = new StringBuilder();
        foreach (var line in lines)
        {
            typing.Append($"sleep 1; echo '{line}'; ");
        }

        typing.Append("sleep 3");
        await RunAsync("sh", "-c", $"({typing}) | script -qec '{command}' {folder["typescript"]}");
    }

    private static async Task<AgeIdentityFile> ReadIdentitiesAsync(string path, byte[]? passphrase)
    {
        await using var file = File.OpenRead(path);
        return await AgeIdentityFile.ReadAsync(
            file, path, (_, problem, _) => Task.FromResult(problem is null ? passphrase!.ToArray() : null), Token);
    }

    private static async Task<byte[]> ReadAllAsync(Stream stream)
    {
        using var content = new MemoryStream();
        await stream.CopyToAsync(content, Token);
        return content.ToArray();
    }
}
