using System.Text;
using System.Text.Json;
using Nestegg.Formats.Age;
using Nestegg.Repositories;
using Nestegg.Repositories.Files;
using Nestegg.Repositories.Index;
using Nestegg.Repositories.Manifests;
using Nestegg.TestKit;

namespace Nestegg.IntegrationTests.Campaign;

/// <summary>Plant, replace, replay, link, rename, forge, thin out.</summary>
internal static class Attacks
{
    private const string Year9999 = "99991231T235959Z-fffff000";

    // What a forged or unsigned snapshot comes to: the one before it is taken, and it is said why.
    private const string PassedOver = "restore 0 not-believed; readers 0 not-believed; export 3 not-believed; backup 0 not-believed";

    // This machine has seen a newer one.
    private const string SetBack = "restore 0 rolled-back; readers 0 rolled-back; export 3 rolled-back";

    public static IReadOnlyList<Attack> All { get; } =
    [
        new("plant an index file", "check 20 index-unsigned; backup 0 index-unsigned", (to, token) => PlantAsync(to, null, token)),
        new(
            "plant an index file that a stranger signed", "check 20 index-unsigned; backup 0 index-unsigned",
            (to, token) => PlantAsync(to, new IndexSigner(to.StrangersKey, to.Id), token)),
        new(
            "replay an index file of another repository", "check 20 index-unsigned; backup 0 index-unsigned",
            (to, token) => PlantAsync(to, new IndexSigner(to.SigningKey, new string('0', 32)), token)),
        new(
            "rename an index file", "check 20 index-unsigned; restore 20 is missing; readers 20 is missing; backup 0 index-unsigned",
            RenameIndexAsync),
        new(
            "thin out the index", "check 20 index-missing; restore 20 is missing; readers 20 is missing; backup 0 index-missing",
            (to, token) => DeleteAsync(to, "index/", token)),
        new(
            "thin out packs",
            "check 20 object-missing; restore 3 error; audit 3 error; prove 3 error; export 3 error; backup 0 objects-gone",
            (to, token) => DeleteAsync(to, "packs/", token)),
        new(
            "replace objects", "check 20 damaged; restore 3 error; prove 3 error; export 3 error; backup 0 objects-gone",
            ReplaceObjectsAsync),
        new(
            "exchange objects",
            "check 20 object-damaged; restore 3 error; audit 3 should have; prove 3 error; export 3 error; backup 0 objects-gone",
            ExchangeAsync),
        new(
            "plant a snapshot of the year 9999", "check 20 manifest-damaged; " + PassedOver,
            (to, token) => CopySnapshotAsync(to, Year9999, token)),
        new("forge a newer snapshot", "check 20 manifest-damaged; " + PassedOver, ForgeSnapshotAsync),
        new(
            "forge the whole repository",
            "check 20 signing key; restore 20 signing key; readers 20 signing key; backup 20 signing key", ForgeRepositoryAsync),
        new("slip in a recipient", "check 20 description-changed; prove 0 proof-not-kept; backup 20 recipients", SlipInRecipientAsync),
        new(
            "take away the newest signature", "check 20 signature-missing; " + PassedOver,
            (to, token) => to.Store.DeleteAsync(to.FileOf(1, RepositoryKeys.Signature), token)),
        new(
            "take away an older signature", "check 20 signature-missing",
            (to, token) => to.Store.DeleteAsync(to.FileOf(0, RepositoryKeys.Signature), token)),
        new(
            "take away the newest manifest and its signature", $"check 20 snapshot-gone; {SetBack}; backup 0 snapshot-gone",
            async (to, token) =>
            {
                await to.Store.DeleteAsync(to.FileOf(1, RepositoryKeys.Manifest), token);
                await to.Store.DeleteAsync(to.FileOf(1, RepositoryKeys.Signature), token);
            }),
        new(
            "replay an older manifest",
            "check 20 manifest-damaged; restore 20 was changed; readers 20 was changed; backup 0 previous-snapshot-damaged",
            (to, token) => ReplayAsync(to, RepositoryKeys.Manifest, token)),
        new(
            "take away a snapshot from before the newest", "check 0 snapshot-gone",
            (to, token) => DeleteAsync(to, $"snapshots/{to.Snapshots[0]}/", token)),
        new(
            "set the repository back", $"check 20 rolled-back; {SetBack}; backup 0 rolled-back",
            (to, token) => DeleteAsync(to, $"snapshots/{to.Snapshots[1]}/", token)),
        new(
            "replay an older dump", "check 20 file-damaged; readers 20 database.dump",
            (to, token) => ReplayAsync(to, RepositoryKeys.Database, token)),
        new(
            "replace the dump by one for the recipient", "check 20 file-damaged; readers 20 database.dump",
            (to, token) => ReplaceSecretAsync(to, RepositoryKeys.Database, token)),

        // The configuration is read where accounts are looked for by their addresses, and nowhere else.
        new(
            "replace the configuration by one for the recipient", "check 20 file-damaged; readers 20 config.tar; audit 0",
            (to, token) => ReplaceSecretAsync(to, RepositoryKeys.Configuration, token)),
        new(
            "thin out what a snapshot needs", "check 20 file-damaged; restore 20 objects.live; readers 20 objects.live",
            ThinOutLiveRowsAsync),
    ];

    /// <summary>What only a folder has.</summary>
    public static IReadOnlyList<Attack> InFolders { get; } =
    [
        .. All,
        new(
            "link packs to elsewhere", "check 20 link; restore 3 link; audit 3 link; prove 3 link; export 3 link; backup 30 link",
            LinkAsync),
    ];

    /// <summary>Existing keys with their lengths and the hashes of garbage, and the garbage beside it.</summary>
    private static async Task PlantAsync(BesiegedRepository to, IndexSigner? signer, CancellationToken token)
    {
        const string numbered = Year9999 + "-1";
        using var index = new IndexWriter();
        foreach (var row in to.Rows)
        {
            var garbage = SampleRepository.Content((int)row.SizeBytes, 99);
            var planted = new IndexRow(row.Key, row.Version, row.SizeBytes, ObjectHash.Of(garbage), null, 0);
            await to.Store.PutAsync(planted.StoredAs, garbage, token);
            index.Append(planted);
        }

        var content = index.Finish(signer ?? new IndexSigner(to.StrangersKey, to.Id), numbered);
        content = signer is null ? content[..^SignatureFrame.SizeBytes] : content;
        await to.Store.PutAsync(RepositoryKeys.IndexFile(IndexName.Of(numbered, ObjectHash.Of(content.Span))), content, token);
    }

    private static async Task RenameIndexAsync(BesiegedRepository to, CancellationToken token)
    {
        foreach (var key in to.Files.Keys.Where(key => key.StartsWith(RepositoryKeys.Index, StringComparison.Ordinal)))
        {
            var name = IndexName.Of(Year9999 + "-1", ObjectHash.Of(to.Files[key]));
            await to.Store.PutAsync(RepositoryKeys.IndexFile(name), to.Files[key], token);
            await to.Store.DeleteAsync(key, token);
        }
    }

    private static async Task ReplaceObjectsAsync(BesiegedRepository to, CancellationToken token)
    {
        foreach (var key in to.Files.Keys.Where(key => RepositoryKeys.TryGetHash(key, out _, out _)))
        {
            await to.Store.PutAsync(key, SampleRepository.Content(to.Files[key].Length, 99), token);
        }
    }

    private static async Task ExchangeAsync(BesiegedRepository to, CancellationToken token)
    {
        var keys = to.Files.Keys.Where(key => key.StartsWith(RepositoryKeys.Objects, StringComparison.Ordinal)).Take(2).ToArray();
        await to.Store.PutAsync(keys[0], to.Files[keys[1]], token);
        await to.Store.PutAsync(keys[1], to.Files[keys[0]], token);
    }

    private static async Task CopySnapshotAsync(BesiegedRepository to, string id, CancellationToken token)
    {
        foreach (var (key, content) in to.Files.Where(file => file.Key.Contains($"/{to.Snapshots[1]}/", StringComparison.Ordinal)))
        {
            await to.Store.PutAsync(key.Replace(to.Snapshots[1], id, StringComparison.Ordinal), content, token);
        }
    }

    private static async Task ForgeSnapshotAsync(BesiegedRepository to, CancellationToken token)
    {
        await CopySnapshotAsync(to, Year9999, token);
        Assert.True(SnapshotId.TryParse(Year9999, out var id));
        await SignAsync(to, to.ManifestOf(1) with { Id = id }, token);
    }

    private static async Task ForgeRepositoryAsync(BesiegedRepository to, CancellationToken token)
    {
        var json = Encoding.UTF8.GetString(to.Files[RepositoryKeys.Description]).Replace(
            to.SigningKey.PublicKey.ToString(), to.StrangersKey.PublicKey.ToString(), StringComparison.Ordinal);
        var description = Encoding.UTF8.GetBytes(json);
        await to.Store.PutAsync(RepositoryKeys.Description, description, token);
        foreach (var n in (int[])[0, 1])
        {
            await SignAsync(to, to.ManifestOf(n) with { RepositorySha256 = ObjectHash.Of(description) }, token);
        }
    }

    private static async Task SignAsync(BesiegedRepository to, Manifest manifest, CancellationToken token)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(manifest, ManifestJson.Instance.Manifest);
        var signature = to.StrangersKey.Sign(json, SnapshotWriter.TrustedComment(manifest.Id, to.Id));
        await to.Store.PutAsync(RepositoryKeys.SnapshotFile(manifest.Id, RepositoryKeys.Manifest), json, token);
        await to.Store.PutAsync(RepositoryKeys.SnapshotFile(manifest.Id, RepositoryKeys.Signature), signature, token);
    }

    private static async Task SlipInRecipientAsync(BesiegedRepository to, CancellationToken token)
    {
        using var stranger = AgeIdentity.Generate();
        var json = Encoding.UTF8.GetString(to.Files[RepositoryKeys.Description]).Replace(
            $"\"{to.Recipient}\"", $"\"{to.Recipient}\", \"{stranger.Recipient}\"", StringComparison.Ordinal);
        await to.Store.PutAsync(RepositoryKeys.Description, Encoding.UTF8.GetBytes(json), token);
    }

    private static Task ReplayAsync(BesiegedRepository to, string name, CancellationToken token) =>
        to.Store.PutAsync(to.FileOf(1, name), to.Files[to.FileOf(0, name)], token);

    /// <summary>Whom a secret part is for is no secret: anybody can make another one.</summary>
    private static async Task ReplaceSecretAsync(BesiegedRepository to, string name, CancellationToken token)
    {
        await using var part = await PartWriter.CreateAsync(to.Store, to.FileOf(1, name), 1000, [to.Recipient], token);
        await part.Content.WriteAsync("COPY t FROM PROGRAM 'touch /tmp/pwned'"u8.ToArray(), token);
        await part.CommitAsync(token);
    }

    private static async Task ThinOutLiveRowsAsync(BesiegedRepository to, CancellationToken token)
    {
        await using var part = await PartWriter.CreateAsync(to.Store, to.FileOf(1, RepositoryKeys.LiveRows), 1000, null, token);
        await part.Content.WriteAsync(Encoding.ASCII.GetBytes($"{to.ManifestOf(1).Index[0].Name}\t1\n"), token);
        await part.CommitAsync(token);
    }

    private static Task LinkAsync(BesiegedRepository to, CancellationToken token)
    {
        token.ThrowIfCancellationRequested();
        var folder = Path.Combine(to.Store.Location, "packs");
        Directory.Move(folder, to.Elsewhere);
        Directory.CreateSymbolicLink(folder, to.Elsewhere);
        return Task.CompletedTask;
    }

    private static async Task DeleteAsync(BesiegedRepository to, string prefix, CancellationToken token)
    {
        foreach (var key in to.Files.Keys.Where(key => key.StartsWith(prefix, StringComparison.Ordinal)))
        {
            await to.Store.DeleteAsync(key, token);
        }
    }
}
