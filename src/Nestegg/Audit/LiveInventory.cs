using Nestegg.Ente.Configuration;
using Nestegg.Stores.S3;

namespace Nestegg.Audit;

/// <summary>Lists every bucket of an instance once.</summary>
internal sealed class LiveInventory(
    AuditTables tables, AuditPlaces places, Func<BucketSlot, BucketClient> clients, AuditCounts counts, RunLog log)
{
    private const int ProgressObjects = 1000;

    public async Task LoadAsync(CancellationToken cancellationToken)
    {
        tables.File.Execute(
            "CREATE TABLE present (key TEXT, place INTEGER, size INTEGER, modified INTEGER, PRIMARY KEY (key, place)) WITHOUT ROWID");
        tables.File.Begin();
        for (var place = 0; place < places.All.Count; place++)
        {
            await ListAsync(place, cancellationToken);
        }

        tables.File.Commit();
    }

    private async Task ListAsync(int place, CancellationToken cancellationToken)
    {
        var slot = places.All[place];
        log.Step("list", $"Listing bucket {slot.Bucket} ({places.NameOf(place)})");
        try
        {
            var insert = tables.File.Statement("INSERT OR REPLACE INTO present VALUES (?, ?, ?, ?)");
            await foreach (var item in clients(slot).ListAsync("", cancellationToken))
            {
                insert.Run(item.Key, place, item.SizeBytes, item.ModifiedAt.ToUnixTimeMilliseconds());
                if (++counts.Listed % ProgressObjects == 0)
                {
                    log.Progress("list", counts.Listed, null);
                }
            }
        }
        catch (NesteggException failure) when (failure.Kind == FailureKind.OutOfReach && slot.Bucket != places.HotPrimary.Bucket)
        {
            // Without the hot primary there is nothing to say; without a replica there still is.
            log.Find(
                "bucket-unreachable", Severity.Warning, slot.Name, $"{failure.Message}; what is in it counts as absent here.",
                failure.Hint);
        }
    }
}
