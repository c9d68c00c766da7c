using Nestegg.Ente.Configuration;
using Nestegg.Repositories;
using Nestegg.Repositories.Files;
using Nestegg.Repositories.Manifests;
using Nestegg.Snapshots;
using Nestegg.TestKit.Instances;

namespace Nestegg.TestKit;

/// <summary>
/// Snapshots of a known instance, made from its dump, its folder and its objects as they lie in files: no server is needed.
/// </summary>
internal static class KnownRepository
{
    /// <summary>Backs a moment up into a repository.</summary>
    /// <param name="change">Damages an object, by its key and bytes, before the backup reads it; null takes it away.</param>
    /// <param name="folder">Another operator's folder than the instance's.</param>
    public static async Task<Manifest> BackUpAsync(
        this SampleRepository sample, KnownMoment moment, CancellationToken cancellationToken,
        Func<string, byte[], byte[]?>? change = null, string? folder = null)
    {
        await using var writer =
            await sample.Repository.BeginSnapshotAsync(sample.SigningKey, TimeProvider.System, Random.Shared, cancellationToken);
        var objects = await writer.LoadObjectsAsync(cancellationToken);
        await writer.PutSecretAsync(SecretPart.Database, async (stream, token) =>
        {
            await using var dump = File.OpenRead(moment.DumpPath);
            await dump.CopyToAsync(stream, token);
        }, 1_000_000, cancellationToken);
        var instance = InstanceFolder.Read(folder ?? moment.Folder);
        await writer.PutSecretAsync(
            SecretPart.Configuration, (stream, token) => ConfigurationArchive.WriteAsync(
                instance.Configuration, instance.ListFiles(token).Files, stream, TimeProvider.System, token), 10_000, cancellationToken);
        foreach (var found in moment.Objects)
        {
            // The same key with other bytes is a new version, as in a real index.
            var version = found.Key.EndsWith("/mldata", StringComparison.Ordinal) ? moment.Name[1] - '0' : 0;
            if (objects.Known.TryMark(found.Key, version, found.SizeBytes, out _))
            {
                continue;
            }

            var stored = await File.ReadAllBytesAsync(found.FilePath, cancellationToken);
            if ((change is null ? stored : change(found.Key, stored)) is { } bytes)
            {
                await objects.Writer.AddAsync(found.Key, version, new MemoryStream(bytes), bytes.Length, cancellationToken);
            }
        }

        var draft = SampleRepository.Draft(new Dictionary<string, byte[]>());
        return await writer.CommitAsync(draft with { Counts = draft.Counts with { Users = moment.Users } }, objects, cancellationToken);
    }
}
