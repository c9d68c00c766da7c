using System.Xml.Linq;
using Microsoft.AspNetCore.Http;

namespace Nestegg.Server.S3;

/// <summary>Requests to the service and to buckets.</summary>
internal sealed class BucketRequests(BucketFolders buckets, Listings listings)
{
    private const int MaxKeys = 1000;

    /// <summary>Throws unless the bucket exists.</summary>
    public void Require(string bucket)
    {
        if (!buckets.BucketExists(bucket))
        {
            throw S3Exception.NoSuchBucket();
        }
    }

    public Task ListBucketsAsync(S3Request request, CancellationToken cancellationToken)
    {
        var list = buckets.Buckets().Select(bucket => S3Xml.Element("Bucket",
            S3Xml.Element("Name", bucket.Name), S3Xml.Element("CreationDate", S3Xml.Time(bucket.CreatedAt))));
        var document = S3Xml.Element("ListAllMyBucketsResult",
            S3Xml.Element("Owner", S3Xml.Element("ID", "nestegg"), S3Xml.Element("DisplayName", "nestegg")),
            S3Xml.Element("Buckets", list));
        return request.Context.Response.XmlAsync(S3Xml.ToBytes(document), cancellationToken);
    }

    public Task CreateAsync(S3Request request)
    {
        // Its body may name a region; there is only one place here.
        if (!BucketFolders.IsLegalName(request.Bucket))
        {
            throw S3Exception.InvalidBucketName();
        }

        if (!buckets.TryCreateBucket(request.Bucket))
        {
            throw S3Exception.BucketAlreadyOwned();
        }

        request.Context.Response.Headers.Location = "/" + request.Bucket;
        return Task.CompletedTask;
    }

    public Task DeleteAsync(S3Request request)
    {
        if (!buckets.TryDeleteBucket(request.Bucket))
        {
            throw S3Exception.BucketNotEmpty();
        }

        request.Context.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }

    // An empty location is us-east-1, which no client refuses.
    public static Task LocationAsync(S3Request request, CancellationToken cancellationToken) =>
        request.Context.Response.XmlAsync(S3Xml.ToBytes(S3Xml.Element("LocationConstraint")), cancellationToken);

    // No status at all is S3's way of saying that versioning was never on.
    public static Task VersioningAsync(S3Request request, CancellationToken cancellationToken) =>
        request.Context.Response.XmlAsync(S3Xml.ToBytes(S3Xml.Element("VersioningConfiguration")), cancellationToken);

    public Task ListObjectsAsync(S3Request request, CancellationToken cancellationToken)
    {
        var encode = request.Parameter("encoding-type") switch
        {
            null or "" => static (string text) => text,
            "url" => static text => SignatureV4.Encode(text, keepSlash: true),
            _ => (Func<string, string>)(_ => throw S3Exception.InvalidArgument("encoding-type is 'url'.")),
        };
        var document = request.Parameter("list-type") == "2" ? ListV2(request, encode) : ListV1(request, encode);
        return request.Context.Response.XmlAsync(S3Xml.ToBytes(document), cancellationToken);
    }

    private XElement ListV2(S3Request request, Func<string, string> encode)
    {
        var startAfter = request.Parameter("start-after") ?? "";
        var terms = Terms(request, startAfter);
        var token = request.Parameter("continuation-token");
        ListingPage? page;
        if (token is null)
        {
            page = terms.MaxKeys == 0 ? new ListingPage([], [], null, null) : listings.First(terms);
        }
        else if (!listings.TryContinue(terms, token, out page))
        {
            throw S3Exception.InvalidArgument("The continuation token provided is incorrect.");
        }

        return S3Xml.Element("ListBucketResult", Head(request, terms, page, encode),
            S3Xml.Element("KeyCount", page.Objects.Count + page.CommonPrefixes.Count),
            startAfter.Length > 0 ? S3Xml.Element("StartAfter", encode(startAfter)) : null,
            token is not null ? S3Xml.Element("ContinuationToken", token) : null,
            page.Token is not null ? S3Xml.Element("NextContinuationToken", page.Token) : null,
            Contents(page, encode, withOwner: request.Parameter("fetch-owner") == "true"));
    }

    private XElement ListV1(S3Request request, Func<string, string> encode)
    {
        var marker = request.Parameter("marker") ?? "";
        var terms = Terms(request, marker);
        var page = terms.MaxKeys == 0 ? new ListingPage([], [], null, null) : listings.First(terms);
        return S3Xml.Element("ListBucketResult", Head(request, terms, page, encode),
            S3Xml.Element("Marker", encode(marker)),
            page.Last is not null ? S3Xml.Element("NextMarker", encode(page.Last)) : null,
            Contents(page, encode, withOwner: true));
    }

    private static ListingTerms Terms(S3Request request, string after) => new(
        request.Bucket, KeyPath.ToByteString(request.Parameter("prefix") ?? ""), KeyPath.ToByteString(request.Parameter("delimiter") ?? ""),
        KeyPath.ToByteString(after), request.Number("max-keys", absent: MaxKeys, least: 0, most: MaxKeys));

    private static IEnumerable<XElement> Head(S3Request request, ListingTerms terms, ListingPage page, Func<string, string> encode)
    {
        yield return S3Xml.Element("Name", request.Bucket);
        yield return S3Xml.Element("Prefix", encode(request.Parameter("prefix") ?? ""));
        yield return S3Xml.Element("MaxKeys", terms.MaxKeys);
        yield return S3Xml.Element("IsTruncated", page.Token is not null);
        if (terms.Delimiter.Length > 0)
        {
            yield return S3Xml.Element("Delimiter", encode(request.Parameter("delimiter")!));
        }

        if (request.Parameter("encoding-type") is { Length: > 0 } encoding)
        {
            yield return S3Xml.Element("EncodingType", encoding);
        }
    }

    private static IEnumerable<XElement> Contents(ListingPage page, Func<string, string> encode, bool withOwner)
    {
        foreach (var item in page.Objects)
        {
            yield return S3Xml.Element("Contents",
                S3Xml.Element("Key", encode(item.Key)), S3Xml.Element("LastModified", S3Xml.Time(item.ModifiedAt)),
                S3Xml.Element("ETag", $"\"{item.ETag}\""), S3Xml.Element("Size", item.Length), S3Xml.Element("StorageClass", "STANDARD"),
                withOwner ? S3Xml.Element("Owner", S3Xml.Element("ID", "nestegg"), S3Xml.Element("DisplayName", "nestegg")) : null);
        }

        foreach (var prefix in page.CommonPrefixes)
        {
            yield return S3Xml.Element("CommonPrefixes", S3Xml.Element("Prefix", encode(prefix)));
        }
    }
}
