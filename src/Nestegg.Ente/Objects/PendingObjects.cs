using System.Runtime.CompilerServices;
using Nestegg.Ente.Database;

namespace Nestegg.Ente.Objects;

/// <summary>Why an object is in a bucket though no row names it.</summary>
internal enum PendingReason
{
    /// <summary>An upload that is under way, or was given up less than two weeks ago.</summary>
    Upload,

    /// <summary>museum has it on its list to delete.</summary>
    Deletion,
}

/// <summary>An object on its way in or out.</summary>
internal readonly record struct PendingObject(string Key, PendingReason Reason)
{
    /// <summary>All of a live database. A key may come more than once.</summary>
    internal static async IAsyncEnumerable<PendingObject> ReadAsync(
        EnteRows rows, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (rows.Catalog.HasTable("temp_objects"))
        {
            await foreach (var row in rows.ReadAsync("SELECT object_key FROM temp_objects", cancellationToken))
            {
                yield return new PendingObject(row.GetString(0), PendingReason.Upload);
            }
        }

        // The items of some queues are object keys; the other queues hold ids, which have no slash.
        if (rows.Catalog.HasTable("queue"))
        {
            await foreach (var row in rows.ReadAsync(
                "SELECT item FROM queue WHERE NOT COALESCE(is_deleted, false) AND item LIKE '%/%'", cancellationToken))
            {
                yield return new PendingObject(row.GetString(0), PendingReason.Deletion);
            }
        }
    }
}
