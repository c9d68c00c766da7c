using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Nestegg.Server.S3;

/// <summary>What an unfinished multipart upload will become.</summary>
internal sealed record MultipartUpload(string Bucket, string Key, IReadOnlyDictionary<string, string> Headers, DateTimeOffset StartedAt);

/// <summary>A part that has arrived.</summary>
internal sealed record UploadedPart(int Number, string ETag, long Length, DateTimeOffset ModifiedAt, string Path);

/// <summary>
/// Unfinished uploads, each a folder <c>.multipart/ID/</c> with <c>upload.json</c> and a file for each part, <c>00001-md5</c>. They
/// outlive the process, as they do on other stores, but not their time.
/// </summary>
internal sealed class MultipartUploads
{
    public const int MaxParts = 10_000;
    private const long MinPartBytes = 5 * 1024 * 1024;

    private readonly BucketFolders buckets;
    private readonly ServerLimits limits;
    private readonly TimeProvider clock;
    private readonly UnfinishedUploads unfinished;

    public MultipartUploads(BucketFolders buckets, ServerLimits limits, TimeProvider clock)
    {
        (this.buckets, this.limits, this.clock) = (buckets, limits, clock);
        unfinished = new UnfinishedUploads(limits);
        foreach (var id in Directory.EnumerateDirectories(buckets.MultipartFolder).Select(folder => Path.GetFileName(folder)).Where(IsId))
        {
            // Without upload.json it was begun when the process died, and nobody knows its id.
            var startedAt = TryRead(FolderOf(id))?.StartedAt ?? DateTimeOffset.MinValue;
            unfinished.Found(id, startedAt, Parts(id).Sum(part => part.Length));
        }

        RemoveExpired();
    }

    public string Create(string bucket, string key, IReadOnlyDictionary<string, string> headers)
    {
        RemoveExpired();
        var id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(24));
        buckets.RequireFolder();
        var upload = new MultipartUpload(bucket, key, headers, clock.GetUtcNow());
        unfinished.Begin(id, upload.StartedAt);
        Directory.CreateDirectory(FolderOf(id));
        var incoming = buckets.NewIncomingPath();
        File.WriteAllBytes(incoming, JsonSerializer.SerializeToUtf8Bytes(upload, MultipartUploadJson.Default.MultipartUpload));
        File.Move(incoming, Path.Combine(FolderOf(id), "upload.json"));
        return id;
    }

    /// <inheritdoc cref="UnfinishedUploads.Reserve"/>
    public IDisposable Reserve(long length) => unfinished.Reserve(length);

    /// <summary>The upload of this id, if it is one for this object; else the error that S3 gives.</summary>
    public MultipartUpload Get(string id, string bucket, string key)
    {
        if (!IsId(id)
            || TryRead(FolderOf(id)) is not { } upload
            || upload.StartedAt < Oldest
            || upload.Bucket != bucket
            || upload.Key != key)
        {
            throw S3Exception.NoSuchUpload();
        }

        return upload;
    }

    /// <summary>By key and id, those after a key, or after one upload of it.</summary>
    public IEnumerable<(string Id, MultipartUpload Upload)> List(string bucket, string afterKey, string afterId) =>
        Directory.EnumerateDirectories(buckets.MultipartFolder)
            .Select(folder => (Id: Path.GetFileName(folder), Upload: TryRead(folder)))
            .Where(found => found.Upload?.Bucket == bucket)
            .Select(found => (found.Id, Upload: found.Upload!, Key: KeyPath.ToByteString(found.Upload!.Key)))
            .Where(found => string.CompareOrdinal(found.Key, KeyPath.ToByteString(afterKey)) is var order
                && (order > 0 || (order == 0 && afterId.Length > 0 && string.CompareOrdinal(found.Id, afterId) > 0)))
            .OrderBy(found => found.Key, StringComparer.Ordinal).ThenBy(found => found.Id, StringComparer.Ordinal)
            .Select(found => (found.Id, found.Upload));

    /// <summary>Takes a finished file as a part, in place of an earlier one of the same number.</summary>
    public void AddPart(string id, int number, string md5, string incomingPath)
    {
        Debug.Assert(number is > 0 and <= MaxParts, "A part's number has five digits, so that names sort by it.");
        var length = new FileInfo(incomingPath).Length;
        try
        {
            File.Move(incomingPath, Path.Combine(FolderOf(id), $"{number:d5}-{md5}"), overwrite: true);
        }
        catch (DirectoryNotFoundException)
        {
            throw S3Exception.NoSuchUpload();
        }

        unfinished.Add(id, length);
        foreach (var other in Parts(id).Where(part => part.Number == number && part.ETag != md5))
        {
            File.Delete(other.Path);
            unfinished.Add(id, -other.Length);
        }
    }

    /// <summary>The parts that have arrived, by number.</summary>
    public IReadOnlyList<UploadedPart> Parts(string id) =>
        [.. new DirectoryInfo(FolderOf(id)).EnumerateFiles("?????-*")
            .OrderBy(file => file.Name, StringComparer.Ordinal)
            .Select(file => new UploadedPart(
                int.Parse(file.Name.AsSpan(0, 5)), file.Name[6..], file.Length, file.LastWriteTimeUtc, file.FullName))];

    /// <summary>Joins the named parts into one file that the caller commits.</summary>
    /// <returns>The ETag of the whole: the MD5 of the parts' MD5s, and their number.</returns>
    public async Task<string> JoinAsync(
        string id, IReadOnlyList<(int Number, string ETag)> named, Stream destination, CancellationToken cancellationToken)
    {
        if (named.Zip(named.Skip(1)).Any(pair => pair.First.Number >= pair.Second.Number))
        {
            throw new S3Exception(400, "InvalidPartOrder", "The parts are not in ascending order.");
        }

        var arrived = Parts(id).ToDictionary(part => part.Number);
        using var md5 = IncrementalHash.CreateHash(HashAlgorithmName.MD5);
        for (var i = 0; i < named.Count; i++)
        {
            if (!arrived.TryGetValue(named[i].Number, out var part) || part.ETag != named[i].ETag)
            {
                throw new S3Exception(400, "InvalidPart", $"Part {named[i].Number} was not uploaded, or its ETag is not the one you gave.");
            }

            if (part.Length < MinPartBytes && i < named.Count - 1)
            {
                throw new S3Exception(
                    400, "EntityTooSmall", $"Part {part.Number} is smaller than {MinPartBytes} bytes and is not the last.");
            }

            md5.AppendData(Convert.FromHexString(part.ETag));
            await using var content = File.OpenRead(part.Path);
            await content.CopyToAsync(destination, cancellationToken);
        }

        return $"{Convert.ToHexStringLower(md5.GetCurrentHash())}-{named.Count}";
    }

    public void Delete(string id)
    {
        try
        {
            Directory.Delete(FolderOf(id), recursive: true);
        }
        catch (DirectoryNotFoundException)
        {
            // Another request has ended it.
        }

        unfinished.End(id);
    }

    private DateTimeOffset Oldest => clock.GetUtcNow() - limits.UploadLifetime;

    private void RemoveExpired()
    {
        foreach (var id in unfinished.StartedBefore(Oldest))
        {
            Delete(id);
        }
    }

    // Ids are hexadecimal; anything else would be a path.
    private static bool IsId(string id) => id.Length == 48 && id.All(char.IsAsciiHexDigitLower);

    private string FolderOf(string id)
    {
        Debug.Assert(IsId(id), "Anything else would be a path.");
        return Path.Combine(buckets.MultipartFolder, id);
    }

    private static MultipartUpload? TryRead(string folder)
    {
        try
        {
            return JsonSerializer.Deserialize(
                File.ReadAllBytes(Path.Combine(folder, "upload.json")), MultipartUploadJson.Default.MultipartUpload);
        }
        catch (Exception absent) when (absent is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }
}

[JsonSerializable(typeof(MultipartUpload))]
internal sealed partial class MultipartUploadJson : JsonSerializerContext;
