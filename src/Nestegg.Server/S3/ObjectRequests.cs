using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Nestegg.Server.S3;

/// <summary>Requests to objects.</summary>
internal sealed class ObjectRequests(BucketFolders buckets)
{
    private const int MaxKeysToDelete = 1000;
    private const int MaxMetadataBytes = 2048;
    private const string MetadataPrefix = "x-amz-meta-";

    private static readonly string[] KeptHeaders =
        ["content-type", "cache-control", "content-disposition", "content-encoding", "content-language", "expires"];

    public async Task GetAsync(S3Request request, CancellationToken cancellationToken)
    {
        using var file = buckets.TryOpen(request.Bucket, request.Key) ?? throw S3Exception.NoSuchKey();
        var response = request.Context.Response;
        Describe(request, response, file);
        if (!ByteRange.ConditionsHold(request, file))
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        var (offset, length) = (0L, file.Length);
        if (ByteRange.TryParse(request.Header("Range"), file.Length, out var range))
        {
            (offset, length) = range;
            response.StatusCode = StatusCodes.Status206PartialContent;
            response.Headers.ContentRange = $"bytes {offset}-{offset + length - 1}/{file.Length}";
        }

        response.ContentLength = length;
        if (request.Method == "GET")
        {
            await file.CopyToAsync(response.Body, offset, length, cancellationToken);
        }
    }

    public async Task PutAsync(S3Request request, PayloadTerms terms, CancellationToken cancellationToken)
    {
        var condition = ConditionOf(request);
        if (condition == PutCondition.OnlyIfAbsent)
        {
            // Asked again when the bytes are there; asking now spares the client the upload.
            using var present = buckets.TryOpen(request.Bucket, request.Key);
            if (present is not null)
            {
                throw S3Exception.PreconditionFailed();
            }
        }

        var tags = await WriteAsync(request.Bucket, request.Key, condition, async file =>
        {
            var (md5, _) = await Payload.WriteToAsync(request, terms, file, cancellationToken);
            return new ObjectTags(Convert.ToHexStringLower(md5), HeadersToKeep(request));
        }, cancellationToken);
        request.Context.Response.Headers.ETag = $"\"{tags.ETag}\"";
    }

    public async Task CopyAsync(S3Request request, CancellationToken cancellationToken)
    {
        using var source = OpenCopySource(request);
        var headers = string.Equals(request.Header("x-amz-metadata-directive"), "REPLACE", StringComparison.OrdinalIgnoreCase)
            ? HeadersToKeep(request)
            : source.Tags.Headers;
        var modifiedAt = source.ModifiedAt;
        var tags = await WriteAsync(request.Bucket, request.Key, ConditionOf(request), async file =>
        {
            await source.CopyToAsync(file, 0, source.Length, cancellationToken);
            return new ObjectTags(source.Tags.ETag, headers);
        }, cancellationToken);
        await request.Context.Response.XmlAsync(S3Xml.ToBytes(S3Xml.Element("CopyObjectResult",
            S3Xml.Element("LastModified", S3Xml.Time(modifiedAt)), S3Xml.Element("ETag", $"\"{tags.ETag}\""))), cancellationToken);
    }

    public Task DeleteAsync(S3Request request)
    {
        buckets.Delete(request.Bucket, request.Key);
        request.Context.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }

    public async Task DeleteManyAsync(S3Request request, PayloadTerms terms, CancellationToken cancellationToken)
    {
        var document = S3Xml.Parse(await Payload.ReadDocumentAsync(request, terms, cancellationToken));
        var keys = document.Children("Object").Select(item => item.Child("Key") ?? throw S3Exception.MalformedXml()).ToList();
        if (keys.Count is 0 or > MaxKeysToDelete)
        {
            throw S3Exception.MalformedXml();
        }

        var quiet = document.Child("Quiet") == "true";
        var result = S3Xml.Element("DeleteResult");
        foreach (var key in keys)
        {
            if (KeyPath.ToByteString(key).Length is 0 or > KeyPath.MaxKeyBytes)
            {
                result.Add(S3Xml.Element("Error", S3Xml.Element(
                    "Key", key), S3Xml.Element("Code", "KeyTooLongError"), S3Xml.Element("Message", "A key has 1 to 1024 bytes.")));
                continue;
            }

            buckets.Delete(request.Bucket, key);
            if (!quiet)
            {
                result.Add(S3Xml.Element("Deleted", S3Xml.Element("Key", key)));
            }
        }

        await request.Context.Response.XmlAsync(S3Xml.ToBytes(result), cancellationToken);
    }

    /// <summary>Writes a new object: content and tags into a file of its own, then one rename.</summary>
    public async Task<ObjectTags> WriteAsync(
        string bucket, string key, PutCondition condition, Func<Stream, Task<ObjectTags>> write, CancellationToken cancellationToken)
    {
        var incoming = buckets.NewIncomingPath();
        try
        {
            ObjectTags tags;
            await using (var file = new FileStream(
                incoming, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0, FileOptions.Asynchronous))
            {
                tags = await write(file);
                await file.WriteAsync(ObjectFile.Footer(tags), cancellationToken);
            }

            return buckets.TryCommit(incoming, bucket, key, condition) ? tags : throw S3Exception.PreconditionFailed();
        }
        finally
        {
            // After a commit the name is gone, and this does nothing.
            BucketFolders.Forget(incoming);
        }
    }

    /// <summary>Opens what <c>x-amz-copy-source</c> names.</summary>
    public ObjectFile OpenCopySource(S3Request request)
    {
        var source = S3Request.Decode(request.Header("x-amz-copy-source")!).TrimStart('/');
        var slash = source.IndexOf('/', StringComparison.Ordinal);
        if (slash <= 0 || slash == source.Length - 1 || !BucketFolders.IsLegalName(source[..slash])
            || KeyPath.ToByteString(source[(slash + 1)..]).Length > KeyPath.MaxKeyBytes)
        {
            throw S3Exception.InvalidArgument("x-amz-copy-source is BUCKET/KEY.");
        }

        return buckets.TryOpen(source[..slash], source[(slash + 1)..]) ?? throw S3Exception.NoSuchKey();
    }

    public static PutCondition ConditionOf(S3Request request) => request.Header("If-None-Match") switch
    {
        _ when request.Header("If-Match") is not null => throw S3Exception.NotImplemented("If-Match on a write"),
        null => PutCondition.Always,
        "*" => PutCondition.OnlyIfAbsent,
        _ => throw S3Exception.NotImplemented("If-None-Match with an ETag on a write"),
    };

    public static Dictionary<string, string> HeadersToKeep(S3Request request)
    {
        var kept = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, values) in request.Context.Request.Headers)
        {
            var lower = name.ToLowerInvariant();
            if (lower.StartsWith(MetadataPrefix, StringComparison.Ordinal) || KeptHeaders.Contains(lower))
            {
                kept[lower] = values.ToString();
            }
        }

        if (kept.Where(header => header.Key.StartsWith(MetadataPrefix, StringComparison.Ordinal))
            .Sum(header => header.Key.Length - MetadataPrefix.Length + Encoding.UTF8.GetByteCount(header.Value)) > MaxMetadataBytes)
        {
            throw new S3Exception(400, "MetadataTooLarge", $"Your metadata headers exceed the maximum of {MaxMetadataBytes} bytes.");
        }

        // aws-chunked is how the body travelled, not what the object is.
        if (kept.TryGetValue("content-encoding", out var encoding))
        {
            var codings = encoding.Split(',', StringSplitOptions.TrimEntries).Where(coding => coding is not ("aws-chunked" or "")).ToList();
            kept["content-encoding"] = string.Join(", ", codings);
            if (codings.Count == 0)
            {
                kept.Remove("content-encoding");
            }
        }

        return kept;
    }

    private static void Describe(S3Request request, HttpResponse response, ObjectFile file)
    {
        response.ContentType = "binary/octet-stream";
        foreach (var (name, value) in file.Tags.Headers)
        {
            response.Headers[name] = value;
        }

        foreach (var name in KeptHeaders)
        {
            if (request.Parameter("response-" + name) is { } value)
            {
                response.Headers[name] = value;
            }
        }

        response.Headers.ETag = $"\"{file.Tags.ETag}\"";
        response.Headers.AcceptRanges = "bytes";
        response.Headers.LastModified = HeaderUtilities.FormatDate(file.ModifiedAt);
    }
}

/// <summary>The part of an object that a request wants, and whether it wants it at all (RFC 9110, sections 13 and 14).</summary>
internal static class ByteRange
{
    /// <summary><see langword="false"/> when the whole object is asked for, which is also what a range of another form means.</summary>
    public static bool TryParse(string? header, long objectLength, out (long Offset, long Length) range)
    {
        range = default;
        if (header is null
            || !header.StartsWith("bytes=", StringComparison.Ordinal)
            || header.Split('=')[1].Split('-') is not [var first, var last])
        {
            return false;
        }

        var hasFirst = long.TryParse(first, NumberStyles.None, CultureInfo.InvariantCulture, out var from);
        var hasLast = long.TryParse(last, NumberStyles.None, CultureInfo.InvariantCulture, out var to);
        if ((!hasFirst && first.Length > 0)
            || (!hasLast && last.Length > 0)
            || (!hasFirst && !hasLast)
            || (hasFirst && hasLast && to < from))
        {
            return false;
        }

        if (!hasFirst)
        {
            from = Math.Max(0, objectLength - to);
            to = hasLast && to == 0 ? -1 : objectLength - 1;
        }
        else
        {
            to = hasLast ? Math.Min(to, objectLength - 1) : objectLength - 1;
        }

        if (from > to)
        {
            throw S3Exception.InvalidRange();
        }

        range = (from, to - from + 1);
        return true;
    }

    /// <summary>
    /// Throws when If-Match or If-Unmodified-Since fail; <see langword="false"/> when the client has this object already.
    /// </summary>
    public static bool ConditionsHold(S3Request request, ObjectFile file)
    {
        var wanted = request.Header("If-Match");
        if (wanted is not null ? !Names(wanted, file) : Since(request, "If-Unmodified-Since") is { } unmodified
            && WholeSecond(file) > unmodified)
        {
            throw S3Exception.PreconditionFailed();
        }

        return request.Header("If-None-Match") is { } had
            ? !Names(had, file)
            : Since(request, "If-Modified-Since") is not { } since || WholeSecond(file) > since;
    }

    private static bool Names(string header, ObjectFile file) =>
        header.Split(',').Any(tag => tag.Trim() is "*" || tag.Trim().Trim('"') == file.Tags.ETag);

    private static DateTimeOffset? Since(S3Request request, string header) =>
        HeaderUtilities.TryParseDate(request.Header(header) ?? "", out var time) ? time : null;

    private static DateTimeOffset WholeSecond(ObjectFile file) =>
        file.ModifiedAt.AddTicks(-(file.ModifiedAt.Ticks % TimeSpan.TicksPerSecond));
}
