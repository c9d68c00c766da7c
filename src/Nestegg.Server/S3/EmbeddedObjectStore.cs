using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Nestegg.Server.S3;

/// <summary>
/// An S3 server on a folder, for trying out and for tests; not for production: it does not fsync, has one pair of keys and no TLS.
/// Path style; Signature Version 4 in headers, presigned and streamed; objects, ranges, multipart, copy, listing, CORS.
/// One process may own a folder at a time.
/// </summary>
public sealed class EmbeddedObjectStore : IAsyncDisposable
{
    private readonly WebApplication web;
    private readonly TimeProvider clock;

    private EmbeddedObjectStore(WebApplication web, Uri address, TimeProvider clock)
    {
        this.web = web;
        this.clock = clock;
        Address = address;
    }

    /// <summary>Where it listens: <c>http://127.0.0.1:3200</c>.</summary>
    public Uri Address { get; }

    /// <summary>Starts a store on a folder, which is made if it is absent.</summary>
    /// <param name="folder">Buckets are folders in it; see <c>docs/embedded-object-store.md</c>.</param>
    /// <param name="address">Port 0 takes a free one.</param>
    /// <param name="credentials">The keys that requests have to be signed with.</param>
    public static Task<EmbeddedObjectStore> StartAsync(
        string folder, IPEndPoint address, S3Credentials credentials, CancellationToken cancellationToken) =>
        StartAsync(folder, address, new EmbeddedStoreOptions(credentials), cancellationToken);

    internal static async Task<EmbeddedObjectStore> StartAsync(
        string folder, IPEndPoint address, EmbeddedStoreOptions options, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(folder);
        ArgumentNullException.ThrowIfNull(address);
        ArgumentNullException.ThrowIfNull(options.Credentials);
        var gateway = CreateGateway(folder, options);

        // An empty builder reads no environment, no appsettings.json and no arguments: this server has no settings but these.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton<IHostLifetime, CallersLifetime>();
        builder.WebHost.UseKestrelCore().UseSockets(sockets => sockets.CreateBoundListenSocket = Listen).ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            options.Limits.Apply(kestrel.Limits);
            kestrel.ResponseHeaderEncodingSelector = _ => Encoding.UTF8;
            kestrel.Listen(address);
        });
        var web = builder.Build();
        web.Run(context =>
        {
            context.Response.Body = new PacedStream(context.Response.Body, options.Limits, options.Clock, context.Abort);
            return gateway.AnswerAsync(context);
        });
        try
        {
            await web.StartAsync(cancellationToken);
        }
        catch
        {
            await web.DisposeAsync();
            throw;
        }

        var bound = web.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.First();
        return new EmbeddedObjectStore(web, new Uri(bound), options.Clock);
    }

    public async ValueTask DisposeAsync()
    {
        // Idle connections close at once; a request in flight has a second to end.
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(1), clock);
        await web.StopAsync(patience.Token);
        await web.DisposeAsync();
    }

    private static S3Gateway CreateGateway(string folder, EmbeddedStoreOptions options)
    {
        var buckets = new BucketFolders(folder);
        var objects = new ObjectRequests(buckets);
        var uploads = new MultipartUploads(buckets, options.Limits, options.Clock);
        return new S3Gateway(
            new RequestVerifier(options.Credentials, options.Clock), new BucketRequests(buckets, new Listings(buckets)),
            new BucketCors(buckets), objects, new MultipartRequests(buckets, uploads, objects, options.Clock));
    }

    // What lies in a large buffer counts as taken, and the next piece waits until a third of it is free.
    private static Socket Listen(EndPoint endpoint)
    {
        var socket = SocketTransportOptions.CreateDefaultBoundListenSocket(endpoint);
        socket.SendBufferSize = ServerLimits.SendBufferBytes;
        return socket;
    }

    /// <summary>Leaves signals to the process that started the store; the default would take SIGINT and SIGTERM for itself.</summary>
    private sealed class CallersLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}

/// <summary>What a store is started with.</summary>
internal sealed record EmbeddedStoreOptions(S3Credentials Credentials)
{
    /// <summary>Tells whether a request is in time.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    public ServerLimits Limits { get; init; } = ServerLimits.Default;
}
