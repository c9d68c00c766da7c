using Amazon.S3;
using Amazon.S3.Model;
using Nestegg.Repositories;
using Nestegg.TestKit.Instances;

namespace Nestegg.TestKit;

/// <summary>
/// A real instance at two moments, which lives beside the source tree and not in it. Tests see it as one of the
/// <see cref="Instances.KnownInstances"/>.
/// </summary>
public static class FixtureFolder
{
    public const string SkipReason = "the recorded instance (../shared/fixtures/family) is not here";

    /// <summary>An environment variable: <c>no</c> hides the recorded instance, as in a clone that has nothing beside it.</summary>
    public const string Variable = "NESTEGG_TEST_RECORDED";

    public static string Path { get; } = System.IO.Path.GetFullPath(RepositoryRoot.Combine("..", "shared", "fixtures", "family"));

    public static bool IsPresent { get; } =
        Environment.GetEnvironmentVariable(Variable) != "no" && File.Exists(System.IO.Path.Combine(Path, "t1", "objects.tsv"));

    /// <summary>The operator's folder, with <c>museum.yaml</c> and <c>compose.yaml</c>. Copy it before changing anything.</summary>
    public static string Instance => System.IO.Path.Combine(Path, "instance");

    /// <param name="moment"><c>t1</c> or <c>t2</c>.</param>
    public static string Dump(string moment) => System.IO.Path.Combine(Path, moment, "database.dump");

    public static string ExpectedJson(string moment) => System.IO.Path.Combine(Path, moment, "expected.json");

    public static string AccountsJson(string moment) => System.IO.Path.Combine(Path, moment, "accounts.json");

    /// <summary>What the official program's export wrote.</summary>
    /// <param name="person"><c>alice</c> or <c>bob</c>.</param>
    public static IEnumerable<ExportedPath> OfficialExport(string moment, string person) =>
        File.ReadLines(System.IO.Path.Combine(Path, "official-cli", $"{moment}.tsv")).Skip(1).Select(line => line.Split('\t'))
            .Where(columns => columns[2].StartsWith(person + "/", StringComparison.Ordinal))
            .Select(columns => new ExportedPath(columns[2][(person.Length + 1)..], columns[0]));

    /// <summary>The <c>ente_auth.txt</c> that it wrote; null where none was recorded.</summary>
    public static string? OfficialAuthFile(string moment, string? person)
    {
        var path = System.IO.Path.Combine(Path, "official-cli", moment, $"{person}-auth", "ente_auth.txt");
        return File.Exists(path) ? File.ReadAllText(path) : null;
    }

    /// <summary>Every object that was in the buckets at that moment.</summary>
    public static IEnumerable<FixtureObject> Objects(string moment)
    {
        foreach (var line in File.ReadLines(System.IO.Path.Combine(Path, moment, "objects.tsv")).Skip(1))
        {
            var columns = line.Split('\t');
            if (!ObjectHash.TryParse(columns[0], out var hash))
            {
                throw new FormatException($"objects.tsv: '{line}'");
            }

            yield return new FixtureObject(
                hash, long.Parse(columns[1]), columns[2], columns[3], columns[4], PathOf(moment, hash, columns[3], columns[4]));
        }
    }

    /// <summary>Puts the objects of that moment into a bucket, under their own keys.</summary>
    public static Task UploadAsync(IAmazonS3 client, string moment, string bucket, CancellationToken cancellationToken) =>
        Parallel.ForEachAsync(Objects(moment), new ParallelOptions { MaxDegreeOfParallelism = 4, CancellationToken = cancellationToken },
            async (item, token) =>
            await client.PutObjectAsync(
                new PutObjectRequest { BucketName = bucket, Key = item.Key, FilePath = item.FilePath, UseChunkEncoding = false }, token));

    // The second moment's folder holds only what is new or changed since the first.
    private static string PathOf(string moment, ObjectHash hash, string bucket, string key)
    {
        var own = System.IO.Path.Combine(Path, moment, "buckets", bucket, key);
        if (File.Exists(own))
        {
            return own;
        }

        var earlier = System.IO.Path.Combine(Path, "t1", "buckets", bucket, key);
        return File.Exists(earlier) ? earlier : throw new FileNotFoundException($"no bytes for {key} ({hash})", own);
    }
}

/// <summary>An object of the recorded instance, and the file that holds its bytes.</summary>
public sealed record FixtureObject(ObjectHash Hash, long SizeBytes, string ETag, string Bucket, string Key, string FilePath);
