using System.Diagnostics;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;

namespace Nestegg.Server.S3;

/// <summary>Answers the S3 API, path style: verifies, finds out what is asked, answers, and turns errors into documents.</summary>
internal sealed class S3Gateway(
    RequestVerifier verifier, BucketRequests buckets, BucketCors cors, ObjectRequests objects, MultipartRequests multipart)
{
    private static readonly string[] UnknownSubresources =
        ["acl", "policy", "tagging", "lifecycle", "replication", "website", "logging", "notification", "encryption",
         "accelerate", "requestPayment", "publicAccessBlock", "ownershipControls", "policyStatus",
         "retention", "legal-hold", "torrent", "restore", "select", "attributes", "versions", "inventory", "analytics", "metrics"];

    public async Task AnswerAsync(HttpContext context)
    {
        context.Response.Headers["x-amz-request-id"] = RandomNumberGenerator.GetHexString(16);
        try
        {
            var request = S3Request.Parse(context);
            if (request.Method == "OPTIONS")
            {
                cors.Preflight(request);
                return;
            }

            cors.Allow(request);
            await DispatchAsync(request, verifier.Verify(request), context.RequestAborted);
        }
        catch (S3Exception error)
        {
            await RefuseAsync(context, error);
        }
        catch (BadHttpRequestException failure)
        {
            await RefuseAsync(
                context,
                failure.StatusCode == StatusCodes.Status408RequestTimeout ? S3Exception.RequestTimeout() : S3Exception.IncompleteBody());
        }
        catch (OperationCanceledException)
        {
            // The client has gone, or took nothing for too long.
            context.Abort();
        }
        catch (Exception error) when (!context.Response.HasStarted)
        {
            // The top of the web server: one request's failure (a full disk, a file that is no object) is that request's answer.
            Trace.TraceError("{0} {1}: {2}", context.Request.Method, context.Request.Path, error);
            await RefuseAsync(context, new S3Exception(500, "InternalError", error.Message));
        }
    }

    private Task DispatchAsync(S3Request request, PayloadTerms terms, CancellationToken cancellationToken)
    {
        if (UnknownSubresources.FirstOrDefault(request.Has) is { } unknown)
        {
            throw S3Exception.NotImplemented($"'?{unknown}'");
        }

        if (request.Bucket.Length == 0)
        {
            return request.Method == "GET" ? buckets.ListBucketsAsync(request, cancellationToken) : throw S3Exception.MethodNotAllowed();
        }

        return request.Key.Length == 0
            ? DispatchBucketAsync(request, terms, cancellationToken)
            : DispatchObjectAsync(request, terms, cancellationToken);
    }

    private Task DispatchBucketAsync(S3Request request, PayloadTerms terms, CancellationToken cancellationToken)
    {
        var isCors = request.Has("cors");
        if (request.Method == "PUT" && !isCors)
        {
            return request.Has("versioning") || request.Has("object-lock")
                ? throw S3Exception.NotImplemented("versions and object lock")
                : buckets.CreateAsync(request);
        }

        buckets.Require(request.Bucket);
        if (isCors)
        {
            return DispatchCorsAsync(request, terms, cancellationToken);
        }

        return request.Method switch
        {
            "HEAD" => Task.CompletedTask,
            "DELETE" => buckets.DeleteAsync(request),
            "POST" when request.Has("delete") => objects.DeleteManyAsync(request, terms, cancellationToken),
            "GET" when request.Has("location") => BucketRequests.LocationAsync(request, cancellationToken),
            "GET" when request.Has("versioning") => BucketRequests.VersioningAsync(request, cancellationToken),
            "GET" when request.Has("object-lock") =>
                throw new S3Exception(404, "ObjectLockConfigurationNotFoundError", "Object lock is not configured for this bucket."),
            "GET" when request.Has("uploads") => multipart.ListUploadsAsync(request, cancellationToken),
            "GET" => buckets.ListObjectsAsync(request, cancellationToken),
            _ => throw S3Exception.MethodNotAllowed(),
        };
    }

    private Task DispatchCorsAsync(S3Request request, PayloadTerms terms, CancellationToken cancellationToken) => request.Method switch
    {
        "GET" => cors.GetAsync(request, cancellationToken),
        "PUT" => cors.PutAsync(request, terms, cancellationToken),
        "DELETE" => cors.DeleteAsync(request),
        _ => throw S3Exception.MethodNotAllowed(),
    };

    private Task DispatchObjectAsync(S3Request request, PayloadTerms terms, CancellationToken cancellationToken)
    {
        buckets.Require(request.Bucket);
        var upload = request.Parameter("uploadId");
        return (request.Method, upload) switch
        {
            ("GET", null) or ("HEAD", null) => objects.GetAsync(request, cancellationToken),
            ("PUT", null) when request.Header("x-amz-copy-source") is not null => objects.CopyAsync(request, cancellationToken),
            ("PUT", null) => objects.PutAsync(request, terms, cancellationToken),
            ("DELETE", null) => objects.DeleteAsync(request),
            ("POST", null) when request.Has("uploads") => multipart.StartAsync(request, cancellationToken),
            ("PUT", _) => multipart.PutPartAsync(request, terms, upload!, cancellationToken),
            ("GET", _) => multipart.ListPartsAsync(request, upload!, cancellationToken),
            ("POST", not null) => multipart.CompleteAsync(request, terms, upload, cancellationToken),
            ("DELETE", _) => multipart.AbortAsync(request, upload!),
            _ => throw S3Exception.MethodNotAllowed(),
        };
    }

    private static async Task RefuseAsync(HttpContext context, S3Exception error)
    {
        if (context.Response.HasStarted)
        {
            context.Abort();
            return;
        }

        context.Response.StatusCode = error.Status;
        if (context.Request.Method != "HEAD" && error.Status != 304)
        {
            await context.Response.XmlAsync(S3Xml.Error(error, context.Request.Path), context.RequestAborted);
        }
    }
}

internal static class S3Response
{
    /// <summary>Answers with an XML document.</summary>
    public static async Task XmlAsync(this HttpResponse response, byte[] document, CancellationToken cancellationToken)
    {
        response.ContentType = "application/xml";
        response.ContentLength = document.Length;
        await response.Body.WriteAsync(document, cancellationToken);
    }
}
