using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;

namespace Nestegg.TestKit.Servers;

/// <summary>
/// A real S3 server: Ceph with one monitor, one OSD in memory and one gateway, on free loopback ports. It takes some fifteen seconds
/// to start, nine of which the gateway spends on making its pools. Its data is gone when it is disposed.
/// </summary>
public sealed class CephGateway : IAsyncDisposable
{
    public const string AccessKey = "NESTEGGTEST";
    public const string SecretKey = "not-a-secret-either";
    public const string Region = "us-east-1";

    private static readonly string[] Programs = ["ceph-mon", "ceph-osd", "radosgw", "radosgw-admin", "ceph", "monmaptool"];

    private readonly TemporaryFolder folder = new();
    private readonly List<ServerProcess> cluster = [];
    private ServerProcess? gateway;
    private AmazonS3Client? client;

    private CephGateway(int port) => Endpoint = new Uri($"http://127.0.0.1:{port}");

    /// <summary>Why there can be no gateway on this machine; <see langword="null"/> when there can.</summary>
    public static string? MissingReason
    {
        get
        {
            var missing = Programs.Where(program => ExternalProgram.Find(program) is null).ToArray();
            return missing.Length == 0 ? null : $"Ceph's gateway is not installed: no {string.Join(", ", missing)}";
        }
    }

    public Uri Endpoint { get; }

    /// <summary>A client for what a test does to the buckets behind our back.</summary>
    public AmazonS3Client Client => client ??= new AmazonS3Client(new BasicAWSCredentials(AccessKey, SecretKey), new AmazonS3Config
    {
        ServiceURL = Endpoint.ToString(),
        ForcePathStyle = true,
        AuthenticationRegion = Region,
        RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
        ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
    });

    public static async Task<CephGateway> StartAsync(CancellationToken cancellationToken)
    {
        var ceph = new CephGateway(ServerProcess.FreePort());
        try
        {
            await ceph.StartClusterAsync(cancellationToken);
            await ceph.StartGatewayAsync(cancellationToken);
            await ceph.RunAsync("radosgw-admin", ["-n", "client.rgw", "user", "create", "--uid=test", "--display-name=test", "--access-key="
                + AccessKey, "--secret-key=" + SecretKey], cancellationToken);
            return ceph;
        }
        catch
        {
            await ceph.DisposeAsync();
            throw;
        }
    }

    /// <returns>The bucket's name.</returns>
    public async Task<string> CreateBucketAsync(CancellationToken cancellationToken, string? name = null, bool objectLock = false)
    {
        name ??= "bucket-" + Guid.NewGuid().ToString("n");
        await Client.PutBucketAsync(new PutBucketRequest { BucketName = name, ObjectLockEnabledForBucket = objectLock }, cancellationToken);
        return name;
    }

    /// <summary>Makes the gateway neither answer nor refuse, as a frozen machine does.</summary>
    public Task SuspendAsync(CancellationToken cancellationToken) => gateway!.SignalAsync("STOP", cancellationToken);

    public Task ResumeAsync(CancellationToken cancellationToken) => gateway!.SignalAsync("CONT", cancellationToken);

    /// <summary>Ends the gateway at once; connections are refused from then on. What is stored stays.</summary>
    public void Kill() => gateway!.Kill();

    /// <summary>From now on the user may do nothing, or everything again.</summary>
    public Task SetAllowedAsync(bool isAllowed, CancellationToken cancellationToken) =>
        RunAsync("radosgw-admin", ["-n", "client.rgw", "user", isAllowed ? "enable" : "suspend", "--uid=test"], cancellationToken);

    /// <summary>Starts the gateway (again) on the same port.</summary>
    public async Task StartGatewayAsync(CancellationToken cancellationToken)
    {
        if (gateway is not null)
        {
            await gateway.DisposeAsync();
        }

        gateway = Start("radosgw", "-f", "-n", "client.rgw");
        using var http = new HttpClient();
        await gateway.WaitUntilAsync("an answer over HTTP", async token =>
        {
            try
            {
                using var response = await http.GetAsync(Endpoint, token);
                return true;
            }
            catch (HttpRequestException)
            {
                return false;
            }
        }, cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        client?.Dispose();
        if (gateway is not null)
        {
            await gateway.DisposeAsync();
        }

        foreach (var server in cluster)
        {
            await server.DisposeAsync();
        }

        folder.Dispose();
    }

    private async Task StartClusterAsync(CancellationToken cancellationToken)
    {
        var fsid = Guid.NewGuid().ToString();
        var osd = Guid.NewGuid().ToString();
        var monitorPort = ServerProcess.FreePort();
        foreach (var name in (string[])["mon", "osd", "rgw", "run"])
        {
            Directory.CreateDirectory(folder[name]);
        }

        await File.WriteAllTextAsync(folder["keyring"], "", cancellationToken);
        await File.WriteAllTextAsync(folder["ceph.conf"], Configuration(fsid, monitorPort), cancellationToken);

        await ExternalProgram.RunAsync("monmaptool", [
            "--create", "--fsid", fsid, "--addv", "a", $"[v1:127.0.0.1:{monitorPort}]", folder["monmap"]
        ], cancellationToken);
        await RunAsync("ceph-mon", ["--mkfs", "-i", "a", "--monmap", folder["monmap"]], cancellationToken);
        var monitor = Start("ceph-mon", "-f", "-i", "a");
        cluster.Add(monitor);
        await RunAsync("ceph-osd", ["-i", "0", "--mkfs", "--osd-uuid", osd], cancellationToken);

        // The monitor refuses commands until it has a quorum, and now and then for a moment after that. Each may be given again.
        await monitor.WaitUntilAsync("a quorum", token => AnswersAsync(["-s"], "", token), cancellationToken);
        await monitor.WaitUntilAsync("a number for the OSD", token => AnswersAsync(["osd", "new", osd], "", token), cancellationToken);
        await monitor.WaitUntilAsync("a place for the OSD", token => AnswersAsync(
            ["osd", "crush", "add", "osd.0", "1.0", "root=default", "host=test"], "", token), cancellationToken);

        // An OSD that enters itself into the map may do so before it has learnt the cluster's id, and then ends with "wrong fsid".
        var store = Start("ceph-osd", "-f", "-i", "0");
        cluster.Add(store);
        await store.WaitUntilAsync("the OSD being up", token => AnswersAsync(["osd", "stat"], "1 up", token), cancellationToken);
    }

    private async Task<bool> AnswersAsync(string[] arguments, string expected, CancellationToken cancellationToken)
    {
        var (exitCode, output, _) = await ExternalProgram.TryRunAsync(
            "ceph", ["-c", folder["ceph.conf"], "--connect-timeout", "5", .. arguments], cancellationToken);
        return exitCode == 0 && output.Contains(expected, StringComparison.Ordinal);
    }

    private Task<string> RunAsync(string program, string[] arguments, CancellationToken cancellationToken) =>
        ExternalProgram.RunAsync(program, ["-c", folder["ceph.conf"], .. arguments], cancellationToken);

    private ServerProcess Start(string program, params string[] arguments) =>
        ServerProcess.Start(program, ["-c", folder["ceph.conf"], .. arguments]);

    private string Configuration(string fsid, int monitorPort) => $"""
        [global]
        fsid = {fsid}
        mon_host = [v1:127.0.0.1:{monitorPort}]
        public_addr = 127.0.0.1
        ms_bind_msgr2 = false
        auth_cluster_required = none
        auth_service_required = none
        auth_client_required = none
        keyring = {folder["keyring"]}
        osd_pool_default_size = 1
        osd_pool_default_min_size = 1
        osd_pool_default_pg_num = 1
        osd_pool_default_pgp_num = 1
        osd_pool_default_pg_autoscale_mode = off
        osd_crush_chooseleaf_type = 0
        osd_crush_update_on_start = false
        osd_class_update_on_start = false
        mon_allow_pool_size_one = true
        mon_data = {folder["mon"]}
        osd_data = {folder["osd"]}
        osd_objectstore = memstore
        memstore_device_bytes = 8589934592
        run_dir = {folder["run"]}
        crash_dir = {folder["run"]}
        admin_socket = {folder["run"]}/$name.$pid.asok
        log_file = {folder["run"]}/$name.log
        mon_cluster_log_file = {folder["run"]}/cluster.log
        mon_data_avail_crit = 1
        mon_data_avail_warn = 2

        [client.rgw]
        rgw_frontends = beast endpoint=127.0.0.1:{Endpoint.Port} tcp_nodelay=1
        rgw_data = {folder["rgw"]}
        rgw_gc_obj_min_wait = 10
        rgw_gc_processor_period = 10

        """;
}
