using System.Diagnostics;
using Nestegg.Settings;
using Nestegg.TestKit;
using Nestegg.Audit;
using Nestegg.Instance;
using Nestegg.TestKit.Instances;

namespace Nestegg.IntegrationTests.Audit;

/// <summary>
/// A few files, or half a million with the long tests, two objects each. The goal: a million objects in two minutes, in memory that does
/// not grow with them.
/// </summary>
public sealed class AuditScaleTests(SharedServers servers, KnownInstances instances)
{
    private const int FewFiles = 2_000;
    private const int ManyFiles = 500_000;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InstanceData(Only = KnownInstances.Sample)]
    public async Task A_large_instance_that_lost_its_bucket_is_audited_in_little_memory(string name)
    {
        var files = LongDataAttribute.IsOn ? ManyFiles : FewFiles;
        using var audited = await AuditedInstance.StartAsync(instances, name, "t1", servers, Token);
        await audited.Instance.ExecuteAsync($$"""
            SET session_replication_role = replica;
            INSERT INTO files (file_id, owner_id, file_decryption_header, thumbnail_decryption_header, metadata_decryption_header, encrypted_metadata, updation_time)
                SELECT n, 1580559962386438, h, h, h, repeat(h, 8), n FROM generate_series(20000000, 20000000 + {{files}} - 1) n, LATERAL (SELECT encode(substr(sha256(n::text::bytea), 1, 24), 'base64') h) x;
            INSERT INTO collection_files (file_id, collection_id, encrypted_key, key_decryption_nonce, updation_time)
                SELECT n, 1580559962386438, encode(sha256(n::text::bytea) || substr(sha256(n::text::bytea), 1, 16), 'base64'), encode(substr(sha256(n::text::bytea), 1, 24), 'base64'), n
                FROM generate_series(20000000, 20000000 + {{files}} - 1) n;
            INSERT INTO object_keys (file_id, o_type, object_key, size, datacenters)
                SELECT n, t, '1580559962386438/' || gen_random_uuid(), 1000 + n % 1000, '{b2-eu-cen}' FROM generate_series(20000000, 20000000 + {{files}} - 1) n, unnest(ARRAY['file', 'thumbnail']::object_type[]) t;
            ANALYZE;
            """, Token);
        await using var instance = EnteInstance.Open(
            NesteggConfiguration.Load(audited.Instance.ConfigurationPath, new Dictionary<string, string>()));
        var (missing, others, watch) = (0L, 0L, Stopwatch.StartNew());
        GC.Collect();
        var before = Process.GetCurrentProcess().WorkingSet64;
        var result = await new AuditRun(new RunLog(new RunEvents(Take)), TimeProvider.System).OfInstanceAsync(instance, Token);
        Assert.Equal((2L * files, 0L), (missing, others));
        Assert.InRange(result.Counts.Files, files, files + 100);
        var grown = Process.GetCurrentProcess().PeakWorkingSet64 - before;
        TestContext.Current.SendDiagnosticMessage(
            $"{files} files audited in {watch.Elapsed.TotalSeconds:0.0} s, {grown >> 20} MiB more than before");
        Assert.InRange(watch.Elapsed.TotalSeconds, 0, 20 + (240.0 * files / 1_000_000));

        // What the other tests of the same process take at the same time is more than a few files do.
        Assert.InRange(files > FewFiles ? grown : 0, 0, 150 << 20);

        void Take(RunEvent value)
        {
            missing += value is FindingEvent { Finding.Code: "object-missing" } ? 1 : 0;
            others += value is FindingEvent { Finding.Code: not "object-missing" } ? 1 : 0;
        }
    }
}
