using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;

namespace Nestegg.Server.S3;

/// <summary>Requests to multipart uploads.</summary>
internal sealed class MultipartRequests(BucketFolders buckets, MultipartUploads uploads, ObjectRequests objects, TimeProvider clock)
{
    public Task StartAsync(S3Request request, CancellationToken cancellationToken)
    {
        var id = uploads.Create(request.Bucket, request.Key, ObjectRequests.HeadersToKeep(request));
        return request.Context.Response.XmlAsync(S3Xml.ToBytes(S3Xml.Element("InitiateMultipartUploadResult",
            S3Xml.Element("Bucket", request.Bucket), S3Xml.Element("Key", request.Key), S3Xml.Element("UploadId", id))), cancellationToken);
    }

    public async Task PutPartAsync(S3Request request, PayloadTerms terms, string id, CancellationToken cancellationToken)
    {
        uploads.Get(id, request.Bucket, request.Key);
        var number = request.Number("partNumber", absent: 0, least: 1, most: int.MaxValue);
        if (number is 0 or > MultipartUploads.MaxParts)
        {
            throw S3Exception.InvalidArgument($"A part's number is from 1 to {MultipartUploads.MaxParts}.");
        }

        var incoming = buckets.NewIncomingPath();
        try
        {
            string etag;
            using var source = request.Header("x-amz-copy-source") is null ? null : objects.OpenCopySource(request);
            (long Offset, long Length) range = source is null ? (0, Payload.AnnouncedLength(request, terms)) : RangeOf(request, source);
            using var room = uploads.Reserve(range.Length);
            await using (var file = new FileStream(
                incoming, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, bufferSize: 0, FileOptions.Asynchronous))
            {
                etag = Convert.ToHexStringLower(source is not null
                    ? await CopyPartAsync(source, range, file, cancellationToken)
                    : (await Payload.WriteToAsync(request, terms, file, cancellationToken)).Md5);
            }

            uploads.AddPart(id, number, etag, incoming);
            request.Context.Response.Headers.ETag = $"\"{etag}\"";
            if (source is not null)
            {
                await request.Context.Response.XmlAsync(S3Xml.ToBytes(S3Xml.Element("CopyPartResult",
                    S3Xml.Element("LastModified", S3Xml.Time(clock.GetUtcNow())), S3Xml.Element("ETag", $"\"{etag}\""))),
                    cancellationToken);
            }
        }
        finally
        {
            BucketFolders.Forget(incoming);
        }
    }

    public Task ListPartsAsync(S3Request request, string id, CancellationToken cancellationToken)
    {
        uploads.Get(id, request.Bucket, request.Key);
        var after = request.Number("part-number-marker", absent: 0, least: 0, most: int.MaxValue);
        var max = request.Number("max-parts", absent: 1000, least: 0, most: 1000);
        var parts = uploads.Parts(id).Where(part => part.Number > after).Take(max + 1).ToList();
        var page = parts.Take(max).ToList();
        return request.Context.Response.XmlAsync(S3Xml.ToBytes(S3Xml.Element("ListPartsResult",
            S3Xml.Element("Bucket", request.Bucket), S3Xml.Element("Key", request.Key), S3Xml.Element("UploadId", id),
            S3Xml.Element("StorageClass", "STANDARD"), S3Xml.Element("PartNumberMarker", after),
            S3Xml.Element("NextPartNumberMarker", page.Count > 0 ? page[^1].Number : 0), S3Xml.Element("MaxParts", max),
            S3Xml.Element("IsTruncated", parts.Count > max),
            page.Select(part => S3Xml.Element("Part",
                S3Xml.Element("PartNumber", part.Number), S3Xml.Element("LastModified", S3Xml.Time(part.ModifiedAt)),
                S3Xml.Element("ETag", $"\"{part.ETag}\""), S3Xml.Element("Size", part.Length))))), cancellationToken);
    }

    public Task ListUploadsAsync(S3Request request, CancellationToken cancellationToken)
    {
        var prefix = request.Parameter("prefix") ?? "";
        var (afterKey, afterId) = (request.Parameter("key-marker") ?? "", request.Parameter("upload-id-marker") ?? "");
        var max = request.Number("max-uploads", absent: 1000, least: 1, most: 1000);
        var found = uploads.List(request.Bucket, afterKey, afterId)
            .Where(item => item.Upload.Key.StartsWith(prefix, StringComparison.Ordinal)).Take(max + 1).ToList();
        var page = found.Take(max).ToList();
        var isTruncated = found.Count > max;
        return request.Context.Response.XmlAsync(S3Xml.ToBytes(S3Xml.Element("ListMultipartUploadsResult",
            S3Xml.Element("Bucket", request.Bucket), S3Xml.Element("Prefix", prefix), S3Xml.Element("KeyMarker", afterKey),
            S3Xml.Element("UploadIdMarker", afterId), S3Xml.Element("MaxUploads", max), S3Xml.Element("IsTruncated", isTruncated),
            isTruncated ? S3Xml.Element("NextKeyMarker", page[^1].Upload.Key) : null,
            isTruncated ? S3Xml.Element("NextUploadIdMarker", page[^1].Id) : null,
            page.Select(item => S3Xml.Element("Upload",
                S3Xml.Element("Key", item.Upload.Key), S3Xml.Element("UploadId", item.Id),
                S3Xml.Element("Initiated", S3Xml.Time(item.Upload.StartedAt)))))), cancellationToken);
    }

    public async Task CompleteAsync(S3Request request, PayloadTerms terms, string id, CancellationToken cancellationToken)
    {
        var upload = uploads.Get(id, request.Bucket, request.Key);
        var document = S3Xml.Parse(await Payload.ReadDocumentAsync(request, terms, cancellationToken));
        var parts = document.Children("Part").Select(part =>
            int.TryParse(part.Child("PartNumber"), out var number) && part.Child("ETag") is { } etag
                ? (Number: number, ETag: etag.Trim().Trim('"'))
                : throw S3Exception.MalformedXml()).ToList();
        if (parts.Count is 0 or > MultipartUploads.MaxParts)
        {
            throw S3Exception.MalformedXml();
        }

        var tags = await objects.WriteAsync(request.Bucket, request.Key, ObjectRequests.ConditionOf(request),
            async file => new ObjectTags(await uploads.JoinAsync(id, parts, file, cancellationToken), upload.Headers), cancellationToken);
        uploads.Delete(id);
        await request.Context.Response.XmlAsync(S3Xml.ToBytes(S3Xml.Element("CompleteMultipartUploadResult",
            S3Xml.Element("Location", request.Path), S3Xml.Element("Bucket", request.Bucket), S3Xml.Element("Key", request.Key),
            S3Xml.Element("ETag", $"\"{tags.ETag}\""))), cancellationToken);
    }

    public Task AbortAsync(S3Request request, string id)
    {
        uploads.Get(id, request.Bucket, request.Key);
        uploads.Delete(id);
        request.Context.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }

    private static (long Offset, long Length) RangeOf(S3Request request, ObjectFile source)
    {
        var range = ByteRange.TryParse(request.Header("x-amz-copy-source-range"), source.Length, out var part)
            ? part
            : (Offset: 0, source.Length);
        return range.Length <= ServerLimits.MaxObjectBytes ? range : throw S3Exception.EntityTooLarge();
    }

    private static async Task<byte[]> CopyPartAsync(
        ObjectFile source, (long Offset, long Length) range, FileStream file, CancellationToken cancellationToken)
    {
        await source.CopyToAsync(file, range.Offset, range.Length, cancellationToken);
        file.Position = 0;
        return await MD5.HashDataAsync(file, cancellationToken);
    }
}
