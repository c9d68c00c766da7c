using System.Net;
using System.Security.Cryptography;
using Nestegg.Stores.S3;
using Nestegg.TestKit;
using Nestegg.TestKit.Servers;

namespace Nestegg.Tests.Stores;

/// <summary>What servers answer, or do not, and what is made of it. Real servers are in the integration tests.</summary>
public class S3FailureTests
{
    private static readonly S3Credentials Credentials = new("KEY", "hush-hush");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(403, "AccessDenied", "bucket-denied", "access denied")]
    [InlineData(403, "InvalidAccessKeyId", "bucket-denied", "does not know the access key")]
    [InlineData(403, "SignatureDoesNotMatch", "bucket-denied", "secret key does not fit")]
    [InlineData(403, "RequestTimeTooSkewed", "clock-skew", "15 minutes")]
    [InlineData(404, "NoSuchBucket", "bucket-missing", "no bucket 'bucket'")]
    [InlineData(301, "PermanentRedirect", "bucket-region", "another region")]
    [InlineData(400, "AuthorizationHeaderMalformed", "bucket-region", "another region")]
    [InlineData(302, "Found", "store-protocol", "not as S3 does")]
    [InlineData(400, "ExpiredToken", "bucket-denied", "session token has expired")]
    [InlineData(403, "InvalidToken", "bucket-denied", "does not know the session token")]
    [InlineData(507, "XMinioStorageFull", "store-full", "the store is full")]
    [InlineData(400, "SomethingNew", "store-refused", "SomethingNew")]
    [InlineData(503, "SlowDown", "store-failing", "503")]
    public async Task Each_refusal_has_a_finding_and_words_of_its_own(int status, string code, string finding, string words)
    {
        await using var server = ScriptedHttpServer.Refusing(status, code);
        await using var bucket = Bucket(server.Endpoint);

        var read = await Assert.ThrowsAsync<NesteggException>(() => bucket.TryOpenAsync("1/some-key", 0, null, Token));
        Assert.Equal(FailureKind.OutOfReach, read.Kind);
        Assert.Contains(words, read.Message, StringComparison.Ordinal);
        Assert.Null(ErrorText.WhatIsWrong(read, "s3://bucket/1/some-key"));
        var write =
            await Assert.ThrowsAsync<NesteggException>(() => bucket.PutAsync("1/some-key", new MemoryStream(new byte[10]), 10, Token));
        Assert.Contains(words, write.Message, StringComparison.Ordinal);
        Assert.Null(ErrorText.WhatIsWrong(write, "s3://bucket/1/some-key"));

        var found = Assert.Single(await bucket.ProbeAsync("b2-eu-cen", Token));
        Assert.Equal((finding, Severity.Error, "b2-eu-cen"), (found.Code, found.Severity, found.Subject));
        Assert.NotEmpty(found.Hint);
        Assert.DoesNotContain("hush", found.Message + found.Hint + read.Message + read.Hint, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(500, "InternalError")]
    [InlineData(503, "SlowDown")]
    [InlineData(429, "TooManyRequests")]
    [InlineData(408, "RequestTimeout")]
    public async Task What_time_heals_is_tried_again(int status, string code)
    {
        await using var server = new ScriptedHttpServer(async (number, context) =>
        {
            if (number <= 2)
            {
                await ScriptedHttpServer.WriteErrorAsync(context.Response, status, code);
            }
            else
            {
                await ScriptedHttpServer.WriteAsync(context.Response, "bytes");
            }
        });
        await using var bucket = Bucket(server.Endpoint);
        await using var item = await bucket.TryOpenAsync("key", 0, null, Token);
        Assert.Equal("bytes", await new StreamReader(item!.Content).ReadToEndAsync(Token));
        Assert.Equal(3, server.Requests);
    }

    [Theory]
    [InlineData(403, 1)]
    [InlineData(404, 1)]
    [InlineData(503, 4)]
    public async Task A_final_answer_is_not_asked_for_twice_and_patience_ends(int status, int requests)
    {
        await using var server = ScriptedHttpServer.Refusing(status, status == 404 ? "NoSuchBucket" : "Any");
        await using var bucket = Bucket(server.Endpoint);
        await Assert.ThrowsAsync<NesteggException>(() => bucket.TryOpenAsync("key", 0, null, Token));
        Assert.Equal(requests, server.Requests);
    }

    [Fact]
    public async Task A_request_of_the_SDK_is_not_retried_on_two_levels()
    {
        await using var server = ScriptedHttpServer.Refusing(503, "SlowDown");
        await using var bucket = Bucket(server.Endpoint);
        await Assert.ThrowsAsync<NesteggException>(() => bucket.PutAsync("key", new MemoryStream(new byte[10]), 10, Token));
        Assert.Equal(S3Retries.Rules.Attempts, server.Requests);
        await Assert.ThrowsAsync<NesteggException>(() => bucket.TryHeadAsync("key", Token));
        Assert.Equal(2 * S3Retries.Rules.Attempts, server.Requests);
    }

    [Fact]
    public async Task A_body_that_breaks_before_its_first_byte_again_and_again_is_asked_for_as_often_as_any_request()
    {
        await using var server = new ScriptedHttpServer(async (number, context) =>
        {
            context.Response.ContentLength = 1000;
            await context.Response.Body.FlushAsync(Token);
        });
        await using var bucket = Bucket(server.Endpoint);
        await using var item = await bucket.TryOpenAsync("1/key", 0, null, Token);
        var failure = await Assert.ThrowsAsync<NesteggException>(() => item!.Content.CopyToAsync(Stream.Null, Token));
        Assert.Null(ErrorText.WhatIsWrong(failure, "s3://bucket/1/key"));
        Assert.Equal(S3Retries.Rules.Attempts, server.Requests);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_server_that_says_when_to_come_back_is_not_asked_before(bool isRead)
    {
        await using var server = new ScriptedHttpServer(async (number, context) =>
        {
            context.Response.Headers["Retry-After"] = "30";
            if (number == 1)
            {
                await ScriptedHttpServer.WriteErrorAsync(context.Response, 503, "SlowDown");
            }
            else
            {
                await ScriptedHttpServer.WriteAsync(context.Response, "");
            }
        });
        var time = new TestTime(haste: 50);
        await using var bucket = new BucketClient(Settings(server.Endpoint), Credentials, "bucket", time);
        if (isRead)
        {
            await bucket.TryOpenAsync("key", 0, null, Token);
        }
        else
        {
            await bucket.PutAsync("key", new MemoryStream(new byte[10]), 10, Token);
        }

        Assert.InRange(Assert.Single(time.Pauses).TotalSeconds, 30, 38);
    }

    [Fact]
    public async Task An_absent_object_is_told_from_an_absent_bucket_even_where_the_answer_has_no_body()
    {
        await using var withBucket = new ScriptedHttpServer(async (_, context) =>
        {
            if (context.Request.Method == "HEAD")
            {
                context.Response.StatusCode = 404;
            }
            else
            {
                await context.Response.Body.WriteAsync(
                    "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>"u8.ToArray());
            }
        });
        await using var there = Bucket(withBucket.Endpoint);
        Assert.Null(await there.TryHeadAsync("key", Token));

        await using var without = new ScriptedHttpServer(async (_, context) =>
        {
            if (context.Request.Method == "HEAD")
            {
                context.Response.StatusCode = 404;
            }
            else
            {
                await ScriptedHttpServer.WriteErrorAsync(context.Response, 404, "NoSuchBucket");
            }
        });
        await using var absent = Bucket(without.Endpoint);
        var failure = await Assert.ThrowsAsync<NesteggException>(() => absent.TryHeadAsync("key", Token));
        Assert.Contains("no bucket", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(403, "InvalidAccessKeyId", "does not know the access key")]
    [InlineData(403, "SignatureDoesNotMatch", "secret key does not fit")]
    [InlineData(403, "RequestTimeTooSkewed", "15 minutes")]
    [InlineData(400, "AuthorizationHeaderMalformed", "another region")]
    [InlineData(400, "ExpiredToken", "session token has expired")]
    public async Task A_refusal_whose_answer_has_no_body_is_told_by_name_all_the_same(int status, string code, string words)
    {
        await using var server = new ScriptedHttpServer(async (_, context) =>
        {
            if (context.Request.Method == "HEAD")
            {
                context.Response.StatusCode = status;
            }
            else
            {
                await ScriptedHttpServer.WriteErrorAsync(context.Response, status, code);
            }
        });
        await using var bucket = Bucket(server.Endpoint);
        var failure = await Assert.ThrowsAsync<NesteggException>(() => bucket.TryHeadAsync("key", Token));
        Assert.Contains(words, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_object_that_may_not_be_looked_at_is_told_where_the_bucket_may()
    {
        await using var server = new ScriptedHttpServer(async (_, context) =>
        {
            if (context.Request.Method == "HEAD")
            {
                context.Response.StatusCode = 403;
            }
            else
            {
                await ScriptedHttpServer.WriteAsync(
                    context.Response, "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>");
            }
        });
        await using var bucket = Bucket(server.Endpoint);
        var failure = await Assert.ThrowsAsync<NesteggException>(() => bucket.TryHeadAsync("key", Token));
        Assert.Contains("access denied (403", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_page_of_a_captive_portal_is_no_object()
    {
        await using var server = new ScriptedHttpServer((_, context) =>
        {
            context.Response.ContentType = "text/html; charset=utf-8";
            return ScriptedHttpServer.WriteAsync(context.Response, "<html>Please sign in to this network</html>");
        });
        await using var bucket = Bucket(server.Endpoint);
        var failure = await Assert.ThrowsAsync<NesteggException>(() => bucket.TryOpenAsync("nestegg.json", 0, null, Token));
        Assert.Contains("a web page, and no object", failure.Message, StringComparison.Ordinal);
        Assert.Equal("store-protocol", Assert.Single(await bucket.ProbeAsync("slot", Token)).Code);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_completed_upload_whose_answer_got_lost_is_recognised_by_its_tag(bool isOurs)
    {
        var content = new byte[9 << 20];
        const int PartBytes = 8 << 20;
        var parts = new[] { MD5.HashData(content.AsSpan(0, PartBytes)), MD5.HashData(content.AsSpan(PartBytes)) };
        var tag = Convert.ToHexStringLower(MD5.HashData(parts.SelectMany(part => part).ToArray())) + "-2";
        await using var server = new ScriptedHttpServer(async (_, context) =>
        {
            var query = context.Request.QueryString.Value!;
            await context.Request.Body.CopyToAsync(Stream.Null);
            if (query.Contains("partNumber=", StringComparison.Ordinal))
            {
                context.Response.Headers[
                    "ETag"] = Convert.ToHexStringLower(parts[query.Contains("partNumber=1", StringComparison.Ordinal) ? 0 : 1]);
            }
            else if (context.Request.Method == "HEAD")
            {
                context.Response.Headers["ETag"] = isOurs ? tag : "another-2";
            }
            else if (query.Contains("uploads", StringComparison.Ordinal))
            {
                await ScriptedHttpServer.WriteAsync(
                    context.Response, "<InitiateMultipartUploadResult><UploadId>1</UploadId></InitiateMultipartUploadResult>");
            }
            else
            {
                await ScriptedHttpServer.WriteErrorAsync(context.Response, 404, "NoSuchUpload");
            }
        });
        await using var bucket = Bucket(server.Endpoint);
        var put = bucket.PutAsync("1/key", new MemoryStream(content), content.Length, Token);
        if (isOurs)
        {
            await put;
        }
        else
        {
            Assert.Null(ErrorText.WhatIsWrong(await Assert.ThrowsAsync<NesteggException>(() => put), "1/key"));
        }
    }

    [Fact]
    public async Task A_server_that_ignores_ranges_is_not_believed()
    {
        await using var server = new ScriptedHttpServer((_, context) => ScriptedHttpServer.WriteAsync(context.Response, "everything"));
        await using var bucket = Bucket(server.Endpoint);
        var failure = await Assert.ThrowsAsync<NesteggException>(() => bucket.TryOpenAsync("key", 3, 2, Token));
        Assert.Contains("ignores ranges", failure.Message, StringComparison.Ordinal);
        Assert.Null(ErrorText.WhatIsWrong(failure, "key"));
    }

    [Fact]
    public async Task A_range_that_nobody_asked_for_is_not_taken_for_the_whole()
    {
        await using var server = new ScriptedHttpServer((_, context) =>
        {
            context.Response.StatusCode = 206;
            context.Response.Headers.ContentRange = "bytes 5-9/10";
            return ScriptedHttpServer.WriteAsync(context.Response, "thing");
        });
        await using var bucket = Bucket(server.Endpoint);
        var failure = await Assert.ThrowsAsync<NesteggException>(() => bucket.TryOpenAsync("key", 0, null, Token));
        Assert.Contains("ignores ranges", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_body_of_unknown_length_is_not_taken_for_an_empty_one()
    {
        await using var server = new ScriptedHttpServer((_, context) =>
        {
            return context.Response.Body.WriteAsync("everything"u8.ToArray()).AsTask();
        });
        await using var bucket = Bucket(server.Endpoint);
        var failure = await Assert.ThrowsAsync<NesteggException>(() => bucket.TryOpenAsync("key", 0, null, Token));
        Assert.Contains("how long the object is", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_object_that_changes_while_it_is_read_is_not_patched_together()
    {
        await using var server = new ScriptedHttpServer(async (number, context) =>
        {
            if (number == 1)
            {
                context.Response.Headers["ETag"] = "\"one\"";
                context.Response.ContentLength = 1000;
                await context.Response.Body.WriteAsync(new byte[100]);
            }
            else
            {
                Assert.Equal("\"one\"", context.Request.Headers.IfMatch);
                await ScriptedHttpServer.WriteErrorAsync(context.Response, 412, "PreconditionFailed");
            }
        });
        await using var bucket = Bucket(server.Endpoint);
        await using var item = await bucket.TryOpenAsync("1/mldata", 0, null, Token);
        var failure = await Assert.ThrowsAsync<NesteggException>(() => item!.Content.CopyToAsync(Stream.Null, Token));
        Assert.Contains("was replaced while", failure.Message, StringComparison.Ordinal);
        Assert.Null(ErrorText.WhatIsWrong(failure, "1/mldata"));
    }

    [Fact]
    public async Task A_bucket_s_own_host_name_is_the_one_that_is_not_known()
    {
        var settings = new S3Settings { Endpoint = new Uri("http://minio.invalid:3200"), PathStyle = false };
        await using var bucket = new BucketClient(settings, new S3Credentials("key", "secret"), "photos", TimeProvider.System);
        var found = Assert.Single(await bucket.ProbeAsync("slot", Token));
        Assert.Contains("the host name photos.minio.invalid is not known", found.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://127.0.0.1:1", "store-unreachable", "nothing listens at 127.0.0.1:1")]
    [InlineData("http://minio.invalid:3200", "store-unreachable", "minio.invalid is not known")]
    public async Task An_endpoint_that_is_not_there_is_named(string endpoint, string code, string words)
    {
        await using var bucket = Bucket(new Uri(endpoint));
        var found = Assert.Single(await bucket.ProbeAsync("slot", Token));
        Assert.Equal(code, found.Code);
        Assert.Contains(words, found.Message, StringComparison.Ordinal);
        var failure = await Assert.ThrowsAsync<NesteggException>(() => bucket.TryHeadAsync("key", Token));
        Assert.Null(ErrorText.WhatIsWrong(failure, "s3://bucket/key"));
    }

    [Fact]
    public async Task A_server_without_TLS_is_told_from_one_that_is_down()
    {
        await using var server = ScriptedHttpServer.Refusing(403, "AccessDenied");
        await using var bucket = Bucket(new UriBuilder(server.Endpoint) { Scheme = "https" }.Uri);
        var found = Assert.Single(await bucket.ProbeAsync("slot", Token));
        Assert.Equal("store-tls", found.Code);
        Assert.Contains("http://", found.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_TLS_itself_refuses_is_told_from_a_server_without_it()
    {
        // The alert "handshake failure", as a server sends it that finds no cipher in common.
        byte[] alert = [0x15, 3, 3, 0, 2, 2, 0x28];
        using var listener = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var serving = ServeAsync();
        await using var bucket = Bucket(new Uri($"https://{listener.LocalEndpoint}"));
        var found = Assert.Single(await bucket.ProbeAsync("slot", Token));
        Assert.Equal("store-tls", found.Code);
        Assert.Contains("no secure connection", found.Message, StringComparison.Ordinal);
        await stop.CancelAsync();
        await serving;

        async Task ServeAsync()
        {
            try
            {
                while (true)
                {
                    using var client = await listener.AcceptTcpClientAsync(stop.Token);
                    var stream = client.GetStream();
                    await stream.ReadAtLeastAsync(new byte[100], 100, throwOnEndOfStream: false, stop.Token);
                    await stream.WriteAsync(alert, stop.Token);
                }
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return;
            }
        }
    }

    [Fact]
    public async Task A_server_that_accepts_and_never_answers_is_given_up()
    {
        using var listener = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        await using var bucket = new BucketClient(
            Settings(new Uri($"http://{listener.LocalEndpoint}")), Credentials, "bucket", new TestTime(haste: 50, limits: 50));
        var failure = await Assert.ThrowsAsync<NesteggException>(() => bucket.TryOpenAsync("key", 0, null, Token));
        Assert.Contains("does not answer", failure.Message, StringComparison.Ordinal);
        Assert.Null(ErrorText.WhatIsWrong(failure, "s3://bucket/key"));
    }

    [Theory]
    [InlineData(-16, Severity.Error)]
    [InlineData(16, Severity.Error)]
    [InlineData(6, Severity.Warning)]
    public async Task Clocks_that_differ_are_found_before_requests_fail(int minutes, Severity severity)
    {
        await using var server = ScriptedHttpServer.Refusing(403, "AccessDenied");
        await using var bucket = new BucketClient(
            Settings(server.Endpoint), Credentials, "bucket", new TestTime(TimeSpan.FromMinutes(minutes), haste: 50));
        var found = (await bucket.ProbeAsync("slot", Token))[0];
        Assert.Equal(("clock-skew", severity), (found.Code, found.Severity));
    }

    private static S3Settings Settings(Uri endpoint) =>
        new() { Endpoint = endpoint, PathStyle = true, AnswerLimit = TimeSpan.FromSeconds(20) };

    private static BucketClient Bucket(Uri endpoint) => new(Settings(endpoint), Credentials, "bucket", new TestTime(haste: 50));
}
