using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;

namespace Nestegg.Server.S3;

/// <summary>What a listing asks for; texts are byte strings (see <see cref="KeyPath"/>).</summary>
internal sealed record ListingTerms(string Bucket, string Prefix, string Delimiter, string After, int MaxKeys);

/// <summary>An object in a listing; the key is text.</summary>
internal readonly record struct ListedObject(string Key, long Length, string ETag, DateTimeOffset ModifiedAt);

/// <summary>One page of a listing.</summary>
/// <param name="Last">The last key or common prefix of the page, as text, when there are more.</param>
/// <param name="Token">Continues the listing; <see langword="null"/> on the last page.</param>
internal sealed record ListingPage(
    IReadOnlyList<ListedObject> Objects, IReadOnlyList<string> CommonPrefixes, string? Last, string? Token);

/// <summary>
/// Lists buckets page by page. The walks of the last few listings are kept between pages, because sorting a folder of a million
/// names again for every thousand of them would take minutes. A listing whose walk is gone begins again after its last key.
/// </summary>
internal sealed class Listings(BucketFolders buckets)
{
    private const int MaxOpenWalks = 8;

    private readonly Lock gate = new();
    private readonly LinkedList<(string Token, ListingTerms Terms, Cursor Cursor)> open = new();

    public ListingPage First(ListingTerms terms) => Page(new Cursor(NewWalk(terms)), terms);

    /// <summary>The page that a token stands for; <see langword="false"/> when the token is not one of ours.</summary>
    public bool TryContinue(ListingTerms terms, string token, out ListingPage page)
    {
        page = new ListingPage([], [], null, null);
        if (TakeOpen(token, terms) is { } cursor)
        {
            page = Page(cursor, terms);
            return true;
        }

        var dash = token.IndexOf('-', StringComparison.Ordinal);
        if (dash < 0 || Convert.FromHexString(
            token.AsSpan(dash + 1), new byte[token.Length], out _, out var length) != System.Buffers.OperationStatus.Done)
        {
            return false;
        }

        var after = Encoding.Latin1.GetString(Convert.FromHexString(token.AsSpan(dash + 1, 2 * length)));
        page = Page(new Cursor(NewWalk(terms with { After = after })), terms);
        return true;
    }

    private KeyWalk NewWalk(ListingTerms terms)
    {
        var walk = new KeyWalk(buckets.BucketPath(terms.Bucket), terms.Prefix, terms.After);
        if (terms.After.Length > 0 && CommonPrefixOf(terms.After, terms) == terms.After)
        {
            // The page before ended with this common prefix.
            walk.Skip(terms.After);
        }

        return walk;
    }

    private ListingPage Page(Cursor cursor, ListingTerms terms)
    {
        var objects = new List<ListedObject>();
        var prefixes = new List<string>();
        var last = "";
        while (cursor.MoveNext())
        {
            if (CommonPrefixOf(cursor.Walk.Key, terms) is { } prefix)
            {
                if (objects.Count + prefixes.Count == terms.MaxKeys)
                {
                    return Truncated(cursor, terms, objects, prefixes, last);
                }

                prefixes.Add(KeyPath.ToText(prefix));
                last = prefix;
                cursor.Walk.Skip(prefix);
                continue;
            }

            using var file = ObjectFile.TryOpen(cursor.Walk.Path);
            if (file is null)
            {
                continue; // Deleted since the walk read its folder.
            }

            if (objects.Count + prefixes.Count == terms.MaxKeys)
            {
                return Truncated(cursor, terms, objects, prefixes, last);
            }

            objects.Add(new ListedObject(KeyPath.ToText(cursor.Walk.Key), file.Length, file.Tags.ETag, file.ModifiedAt));
            Debug.Assert(string.CompareOrdinal(last, cursor.Walk.Key) < 0, "Keys come in their order, each once.");
            last = cursor.Walk.Key;
        }

        return new ListingPage(objects, prefixes, null, null);
    }

    private ListingPage Truncated(Cursor cursor, ListingTerms terms, List<ListedObject> objects, List<string> prefixes, string last)
    {
        Debug.Assert(objects.Count + prefixes.Count == terms.MaxKeys, "A page is full before it is cut.");
        cursor.StepBack();
        var token = $"{RandomNumberGenerator.GetHexString(32, lowercase: true)}-{Convert.ToHexStringLower(Encoding.Latin1.GetBytes(last))}";
        lock (gate)
        {
            open.AddLast((token, terms, cursor));
            if (open.Count > MaxOpenWalks)
            {
                open.RemoveFirst();
            }
        }

        return new ListingPage(objects, prefixes, KeyPath.ToText(last), token);
    }

    private Cursor? TakeOpen(string token, ListingTerms terms)
    {
        lock (gate)
        {
            for (var node = open.First; node is not null; node = node.Next)
            {
                if (node.Value.Token == token)
                {
                    open.Remove(node);
                    var then = node.Value.Terms;
                    return (then.Bucket, then.Prefix, then.Delimiter) == (terms.Bucket, terms.Prefix, terms.Delimiter)
                        ? node.Value.Cursor
                        : null;
                }
            }
        }

        return null;
    }

    private static string? CommonPrefixOf(string key, ListingTerms terms)
    {
        if (terms.Delimiter.Length == 0 || key.Length < terms.Prefix.Length)
        {
            return null;
        }

        var at = key.IndexOf(terms.Delimiter, terms.Prefix.Length, StringComparison.Ordinal);
        return at < 0 ? null : key[..(at + terms.Delimiter.Length)];
    }

    /// <summary>A walk that can give its current key a second time.</summary>
    private sealed class Cursor(KeyWalk walk)
    {
        private bool steppedBack;

        public KeyWalk Walk { get; } = walk;

        public bool MoveNext()
        {
            if (steppedBack)
            {
                steppedBack = false;
                return true;
            }

            return Walk.MoveNext();
        }

        public void StepBack()
        {
            Debug.Assert(!steppedBack, "A walk remembers its current key and none before it.");
            steppedBack = true;
        }
    }
}
