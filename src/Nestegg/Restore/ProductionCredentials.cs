using Nestegg.Ente.Configuration;

namespace Nestegg.Restore;

/// <summary>
/// Whether a configuration reaches what another one reaches. Told by the credentials: two quickstarts have the same host and bucket names
/// in networks of their own, but never the same password or secret; and with production's credentials a copy can do all that production
/// can, in whatever database or bucket it was given.
/// </summary>
internal static class ProductionCredentials
{
    /// <summary>What of production's the new configuration has; <see langword="null"/> when there is nothing.</summary>
    public static string? SharedBy(MuseumConfiguration present, MuseumConfiguration production) =>
        SharesDatabase(DatabaseSettings.From(present), DatabaseSettings.From(production)) is { } database
            ? database
            : SharedStore(present, production);

    private static string? SharesDatabase(DatabaseSettings present, DatabaseSettings production) =>
        present.Endpoint != production.Endpoint || present.Password != production.Password ? null
        : present.Name == production.Name ? $"the database {production.Name}"
        : present.User == production.User && production.Password.Length > 0 ? $"the database role {production.User}"
        : null;

    private static string? SharedStore(MuseumConfiguration present, MuseumConfiguration production)
    {
        var keys = MuseumKeys.SlotNames.Select(slot => Key.Of(production, slot)).OfType<Key>().ToList();
        foreach (var slot in MuseumKeys.SlotNames)
        {
            if (Key.Of(present, slot) is { } key && keys.Contains(key))
            {
                var bucket = present.Text($"s3.{slot}.bucket");
                return bucket == production.Text($"s3.{slot}.bucket")
                    ? $"the bucket {bucket} in {slot}"
                    : $"the access key of the object store in {slot}";
            }
        }

        return null;
    }

    private sealed record Key(string Endpoint, string Id, string Secret)
    {
        public static Key? Of(MuseumConfiguration configuration, string slot)
        {
            var (bucket, id, secret) = (Text("bucket"), Text("key"), Text("secret"));
            return bucket.Length > 0 && id.Length > 0 ? new Key(Host(Text("endpoint")), id, secret) : null;

            string Text(string name) => configuration.Text($"s3.{slot}.{name}");
        }

        private static string Host(string endpoint) =>
            endpoint[(endpoint.IndexOf("://", StringComparison.Ordinal) is >= 0 and var at ? at + 3 : 0)..].TrimEnd('/').ToLowerInvariant();
    }
}
