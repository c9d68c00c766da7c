using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.RegularExpressions;

namespace Nestegg.Server.S3;

/// <summary>When an object may be put in place of what is there.</summary>
internal enum PutCondition
{
    Always,
    OnlyIfAbsent,
}

/// <summary>
/// Buckets and objects on a file system: <c>FOLDER/BUCKET/path of the key</c> (see <see cref="KeyPath"/>). An object is written under
/// <c>FOLDER/.incoming/</c> and renamed into place, so readers see the old one or the new one. One process owns the folder.
/// </summary>
internal sealed partial class BucketFolders
{
    private const int LockCount = 256;
    private readonly string folder;
    private readonly Lock[] locks = new Lock[LockCount];

    public BucketFolders(string folder)
    {
        this.folder = Path.GetFullPath(folder);
        Directory.CreateDirectory(this.folder);
        // What an earlier process was writing when it died belongs to nobody.
        var incoming = Path.Combine(this.folder, ".incoming");
        if (Directory.Exists(incoming))
        {
            Directory.Delete(incoming, recursive: true);
        }

        Directory.CreateDirectory(incoming);
        MultipartFolder = Path.Combine(this.folder, ".multipart");
        Directory.CreateDirectory(MultipartFolder);
        Directory.CreateDirectory(Path.Combine(this.folder, ".cors"));
        for (var i = 0; i < LockCount; i++)
        {
            locks[i] = new Lock();
        }
    }

    public string MultipartFolder { get; }

    public static bool IsLegalName(string bucket) => LegalName().IsMatch(bucket) && !bucket.Contains("..", StringComparison.Ordinal);

    public IEnumerable<(string Name, DateTimeOffset CreatedAt)> Buckets() =>
        new DirectoryInfo(folder).EnumerateDirectories()
            .Where(bucket => IsLegalName(bucket.Name))
            .OrderBy(bucket => bucket.Name, StringComparer.Ordinal)
            .Select(bucket => (bucket.Name, new DateTimeOffset(bucket.CreationTimeUtc)));

    public bool BucketExists(string bucket) => IsLegalName(bucket) && Directory.Exists(BucketPath(bucket));

    public bool TryCreateBucket(string bucket)
    {
        lock (LockOf(bucket))
        {
            if (Directory.Exists(BucketPath(bucket)))
            {
                return false;
            }

            RequireFolder();
            Directory.CreateDirectory(BucketPath(bucket));
            return true;
        }
    }

    /// <summary>Removes an empty bucket; <see langword="false"/> when it holds an object.</summary>
    public bool TryDeleteBucket(string bucket)
    {
        if (new KeyWalk(BucketPath(bucket), "", "").MoveNext())
        {
            return false;
        }

        Directory.Delete(BucketPath(bucket), recursive: true);
        DeleteCors(bucket);
        return true;
    }

    /// <summary>The bucket's CORS rules, as they were written; <see langword="null"/> when it has none.</summary>
    public byte[]? TryReadCors(string bucket) => File.Exists(CorsPath(bucket)) ? File.ReadAllBytes(CorsPath(bucket)) : null;

    public void WriteCors(string bucket, byte[] rules)
    {
        var incoming = NewIncomingPath();
        File.WriteAllBytes(incoming, rules);
        File.Move(incoming, CorsPath(bucket), overwrite: true);
    }

    public void DeleteCors(string bucket) => File.Delete(CorsPath(bucket));

    /// <summary>Fails when the folder is gone: what makes a folder in it would make it anew, perhaps on another disk.</summary>
    public void RequireFolder()
    {
        if (!Directory.Exists(MultipartFolder))
        {
            throw new DirectoryNotFoundException($"{folder} has vanished");
        }
    }

    public string BucketPath(string bucket)
    {
        Debug.Assert(IsLegalName(bucket), "Any other name could lead out of the folder.");
        return Path.Combine(folder, bucket);
    }

    public string ObjectPath(string bucket, string key) => Path.Combine(folder, bucket, KeyPath.ToPath(key));

    public ObjectFile? TryOpen(string bucket, string key) => ObjectFile.TryOpen(ObjectPath(bucket, key));

    /// <summary>A new file that no reader sees; the caller commits its path and then forgets it.</summary>
    public string NewIncomingPath() => Path.Combine(folder, ".incoming", RandomNumberGenerator.GetHexString(32, lowercase: true));

    /// <summary>
    /// Removes what was not committed. If that fails, the failure before it is the one to tell, and the next start removes it.
    /// </summary>
    public static void Forget(string incomingPath)
    {
        try
        {
            File.Delete(incomingPath);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return;
        }
    }

    /// <summary>Puts a finished file in an object's place, in one step; <see langword="false"/> when the condition does not hold.</summary>
    public bool TryCommit(string incomingPath, string bucket, string key, PutCondition condition)
    {
        var path = ObjectPath(bucket, key);
        lock (LockOf(path))
        {
            if (condition == PutCondition.OnlyIfAbsent && File.Exists(path))
            {
                return false;
            }

            while (true)
            {
                if (!Directory.Exists(BucketPath(bucket)))
                {
                    throw S3Exception.NoSuchBucket();
                }

                Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                try
                {
                    File.Move(incomingPath, path, overwrite: true);
                    return true;
                }
                catch (DirectoryNotFoundException)
                {
                    // A delete of the folder's last object took the folder away in between.
                }
            }
        }
    }

    /// <summary>Removes an object and the folders that it leaves empty; one that is absent is no error.</summary>
    public void Delete(string bucket, string key)
    {
        var path = ObjectPath(bucket, key);
        lock (LockOf(path))
        {
            try
            {
                File.Delete(path);
            }
            catch (DirectoryNotFoundException)
            {
                return;
            }
        }

        var bucketPath = BucketPath(bucket);
        for (var parent = Path.GetDirectoryName(path)!; parent.Length > bucketPath.Length; parent = Path.GetDirectoryName(parent)!)
        {
            try
            {
                Directory.Delete(parent);
            }
            catch (IOException)
            {
                // Not empty, or gone already: both mean that there is no more to tidy.
                return;
            }
        }
    }

    private string CorsPath(string bucket)
    {
        Debug.Assert(IsLegalName(bucket), "Any other name could lead out of the folder.");
        return Path.Combine(folder, ".cors", bucket + ".xml");
    }

    private Lock LockOf(string path) => locks[(uint)path.GetHashCode(StringComparison.Ordinal) % LockCount];

    [GeneratedRegex(@"\A[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]\z")]
    private static partial Regex LegalName();
}
