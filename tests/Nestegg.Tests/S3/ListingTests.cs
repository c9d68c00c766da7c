using System.Text;
using CsCheck;
using Nestegg.Server.S3;
using Nestegg.TestKit;

namespace Nestegg.Tests.S3;

public class ListingTests
{
    private static readonly string[] Delimiters = ["", "/", "a"];

    private static readonly Gen<string> Key = Gen.OneOf(
        Gen.String[Gen.Char["aAb/.-!"], 1, 6],
        Gen.Select(Gen.Int[198, 203], Gen.String[Gen.Char["a/!0"], 0, 3], (length, end) => new string('a', length) + end),
        Gen.String[Gen.Char["é\uFFFD日"], 1, 3],
        Gen.Const("\U0001F600"));

    // The rules of S3 in a few lines: keys in the order of their UTF-8 bytes, keys that share all up to a delimiter as one prefix.
    private static List<string> Expected(IEnumerable<string> keys, string prefix, string delimiter) =>
        [.. keys.Select(KeyPath.ToByteString).Where(key => key.StartsWith(prefix, StringComparison.Ordinal))
            .Select(key => delimiter.Length > 0
                && key.IndexOf(delimiter, prefix.Length, StringComparison.Ordinal) is >= 0 and var at ? key[..(at + 1)] : key)
            .Distinct().Order(StringComparer.Ordinal).Select(KeyPath.ToText)];

    [Fact]
    public void Pages_hold_every_key_once_and_in_order() =>
        Gen.Select(Key.HashSet[0, 25], Gen.String[Gen.Char["aé/"], 0, 2], Gen.Int[0, 2].Select(i => Delimiters[i]), Gen.Int[1, 7], Gen.Bool)
            .Sample((keys, prefix, delimiter, pageSize, forget) =>
        {
            using var folder = new TemporaryFolder();
            var buckets = Bucket(folder, keys);
            var bytePrefix = KeyPath.ToByteString(prefix);
            var terms = new ListingTerms("bucket", bytePrefix, delimiter, "", pageSize);
            var listings = new Listings(buckets);
            var listed = new List<string>();
            for (var page = listings.First(terms); ;)
            {
                Assert.True(page.Objects.Count + page.CommonPrefixes.Count <= pageSize);
                listed.AddRange(page.Objects.Select(item => item.Key).Concat(page.CommonPrefixes)
                    .OrderBy(KeyPath.ToByteString, StringComparer.Ordinal));
                if (page.Token is null)
                {
                    break;
                }

                // A walk that was forgotten begins again after the last key.
                listings = forget ? new Listings(buckets) : listings;
                Assert.True(listings.TryContinue(terms, page.Token, out page));
            }

            Assert.Equal(Expected(keys, bytePrefix, delimiter), listed);
        }, iter: 200);

    [Fact]
    public void A_listing_begins_after_the_given_key()
    {
        using var folder = new TemporaryFolder();
        var page = new Listings(Bucket(folder, ["a", "b", "b/c", "b0", "c"])).First(new ListingTerms("bucket", "", "", "b", 1000));
        Assert.Equal(["b/c", "b0", "c"], page.Objects.Select(item => item.Key));
    }

    [Fact]
    public void A_key_deleted_between_two_pages_is_left_out()
    {
        using var folder = new TemporaryFolder();
        var buckets = Bucket(folder, ["a", "b", "c"]);
        var listings = new Listings(buckets);
        var terms = new ListingTerms("bucket", "", "", "", 1);
        var first = listings.First(terms);
        buckets.Delete("bucket", "b");
        Assert.True(listings.TryContinue(terms, first.Token!, out var second));
        Assert.Equal(["c"], second.Objects.Select(item => item.Key));
    }

    [Theory]
    [InlineData("")]
    [InlineData("no dash")]
    [InlineData("x-not hex")]
    public void A_token_of_another_form_is_refused(string token)
    {
        using var folder = new TemporaryFolder();
        Assert.False(new Listings(Bucket(folder, ["a"])).TryContinue(new ListingTerms("bucket", "", "", "", 1), token, out _));
    }

    private static BucketFolders Bucket(TemporaryFolder folder, IEnumerable<string> keys)
    {
        var buckets = new BucketFolders(folder.Path);
        buckets.TryCreateBucket("bucket");
        foreach (var key in keys)
        {
            var incoming = buckets.NewIncomingPath();
            File.WriteAllBytes(
                incoming, [.. Encoding.UTF8.GetBytes(key), .. ObjectFile.Footer(new ObjectTags("etag", new Dictionary<string, string>()))]);
            Assert.True(buckets.TryCommit(incoming, "bucket", key, PutCondition.OnlyIfAbsent));
        }

        return buckets;
    }
}
