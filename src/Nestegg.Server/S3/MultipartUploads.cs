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
/// outlive the process, as they do on other stores.
/// </summary>
internal sealed class MultipartUploads(BucketFolders buckets, TimeProvider clock)
{
    public const int MaxParts = 10_000;
    private const long MinPartBytes = 5 * 1024 * 1024;

    public string Create(string bucket, string key, IReadOnlyDictionary<string, string> headers)
    {
        var id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(24));
        buckets.RequireFolder();
        Directory.CreateDirectory(FolderOf(id));
        var upload = new MultipartUpload(bucket, key, headers, clock.GetUtcNow());
        File.WriteAllBytes(Path.Combine(
            FolderOf(id), "upload.json"), JsonSerializer.SerializeToUtf8Bytes(upload, MultipartUploadJson.Default.MultipartUpload));
        return id;
    }

    /// <summary>The upload of this id, if it is one for this object; else the error that S3 gives.</summary>
    public MultipartUpload Get(string id, string bucket, string key)
    {
        // Ids are hexadecimal; anything else would be a path.
        if (id.Length != 48
            || !id.All(char.IsAsciiHexDigitLower)
            || TryRead(FolderOf(id)) is not { } upload
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
        try
        {
            File.Move(incomingPath, Path.Combine(FolderOf(id), $"{number:d5}-{md5}"), overwrite: true);
        }
        catch (DirectoryNotFoundException)
        {
            throw S3Exception.NoSuchUpload();
        }

        foreach (var other in Directory.EnumerateFiles(FolderOf(id), $"{number:d5}-*")
            .Where(path => !path.EndsWith(md5, StringComparison.Ordinal)))
        {
            File.Delete(other);
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

    public void Delete(string id) => Directory.Delete(FolderOf(id), recursive: true);

    private string FolderOf(string id)
    {
        Debug.Assert(id.All(char.IsAsciiHexDigitLower), "Anything else would be a path.");
        return Path.Combine(buckets.MultipartFolder, id);
    }

    private static MultipartUpload? TryRead(string folder)
    {
        var path = Path.Combine(folder, "upload.json");
        return File.Exists(path) ? JsonSerializer.Deserialize(File.ReadAllBytes(path), MultipartUploadJson.Default.MultipartUpload) : null;
    }
}

[JsonSerializable(typeof(MultipartUpload))]
internal sealed partial class MultipartUploadJson : JsonSerializerContext;
