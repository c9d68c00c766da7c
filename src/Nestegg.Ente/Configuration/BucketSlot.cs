using System.Text.RegularExpressions;

namespace Nestegg.Ente.Configuration;

/// <summary>
/// A bucket under one of museum's fixed slot names. Any provider may be behind a name. Not a record: a record's text would print the
/// secret.
/// </summary>
public sealed partial class BucketSlot
{
    internal BucketSlot(string name, MuseumConfiguration configuration)
    {
        var isLocal = configuration.Flag("s3.are_local_buckets");
        Name = name;
        Bucket = Text("bucket");
        var region = Text("region");
        AccessKey = Text("key");
        SecretKey = Text("secret");
        ConfiguredEndpoint = Text("endpoint");
        UsesPathStyle = isLocal || configuration.Flag("s3.use_path_style_urls") || configuration.Flag($"s3.{name}.use_path_style_urls");
        var isAddress = TryReadAddress(ConfiguredEndpoint, isLocal || configuration.Flag($"s3.{name}.disable_ssl"), out var address);
        Address = address;
        Unusable = !isAddress
            ? $"{configuration.Describe($"s3.{name}.endpoint")} is `{ConfiguredEndpoint}`; host, host:port or "
                + "https://host:port was expected"
            : null;
        Region = region;
        if (region.Length > 0 && !RegionName().IsMatch(region))
        {
            // museum asks the endpoint that it is given, whatever the region says; only without one is a host made of it.
            var wrong = $"{configuration.Describe($"s3.{name}.region")} is `{region}`; a name of letters, digits and hyphens was expected";
            Region = "";
            Unusable ??= address is null ? wrong : null;
            UnusedRegion = address is null ? null : wrong;
        }

        Origin = configuration.Describe($"s3.{name}.bucket");

        string Text(string key) => configuration.Text($"s3.{name}.{key}").Trim();
    }

    /// <summary>The slot's name, as the database writes it: <c>b2-eu-cen</c>.</summary>
    public string Name { get; }

    /// <summary>The bucket's name at the provider; empty when the slot is not configured.</summary>
    public string Bucket { get; }

    /// <summary>The region to sign requests for; empty when none is given that can be signed for.</summary>
    public string Region { get; }

    /// <summary>The name of the credentials; empty when there are none.</summary>
    public string AccessKey { get; }

    /// <summary>Their secret; empty when there is none.</summary>
    public string SecretKey { get; }

    /// <summary>As written in the configuration; museum's presigned URLs carry it.</summary>
    public string ConfiguredEndpoint { get; }

    /// <summary>
    /// The endpoint with its scheme, before any map; <see langword="null"/> when none is given (then it is Amazon's, by region).
    /// </summary>
    public Uri? Address { get; }

    /// <summary>Whether the bucket stands in the path instead of the host name.</summary>
    public bool UsesPathStyle { get; }

    /// <summary>
    /// The setting of a named bucket that cannot be used, where it stands and what was expected; <see langword="null"/> when all can.
    /// </summary>
    public string? Unusable => Bucket.Length > 0 ? field : null;

    /// <summary>
    /// A region that is no name, where an endpoint is given, and what was expected; <see langword="null"/> when there is none.
    /// </summary>
    public string? UnusedRegion => Bucket.Length > 0 ? field : null;

    /// <summary>A bucket is named, and its settings can be used; a slot of the defaults has none.</summary>
    public bool IsConfigured => Bucket.Length > 0 && Unusable is null;

    /// <summary>Where the bucket's name came from, for messages.</summary>
    public string Origin { get; }

    /// <summary>Slot, bucket and endpoint, without keys.</summary>
    public override string ToString() => $"{Name} (bucket {Bucket} at {(ConfiguredEndpoint.Length > 0 ? ConfiguredEndpoint : Region)})";

    // A scheme in the endpoint wins over the TLS settings, as in the S3 library that museum uses.
    private static bool TryReadAddress(string endpoint, bool isPlain, out Uri? address)
    {
        address = null;
        if (endpoint.Length == 0)
        {
            return true;
        }

        var text = endpoint.Contains("://", StringComparison.Ordinal) ? endpoint : (isPlain ? "http://" : "https://") + endpoint;
        return Uri.TryCreate(text, UriKind.Absolute, out address) && address.Scheme is "http" or "https";
    }

    // It becomes a part of a host name and of each signature.
    [GeneratedRegex("^[A-Za-z0-9-]+$")]
    private static partial Regex RegionName();
}
