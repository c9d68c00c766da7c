using Nestegg.Ente.Configuration;

namespace Nestegg.Instance.Preflights;

/// <summary>What the configuration alone tells, without asking any server.</summary>
internal static class PreflightConfiguration
{
    public static IEnumerable<Finding> Look(EnteInstance instance) =>
    [
        .. MuseumYaml(instance.Folder), .. Origins(instance.Folder.Configuration), .. Secrets(instance.Folder.Configuration),
        .. Slots(instance.Slots), .. Settings(instance), .. HardCodedCodes(instance.Folder.Configuration),
    ];

    /// <summary>The slots that cannot be used because of a value in the configuration, or are used without it.</summary>
    public static IEnumerable<Finding> Slots(BucketSlots slots) =>
    [
        .. slots.Unusable.Select(slot => new Finding(
            "setting-unusable", slot == slots.HotPrimary ? Severity.Error : Severity.Warning, $"s3.{slot.Name}",
            $"{slot.Unusable}: the slot is left out",
            "correct it, or remove the slot if no object is in it")),
        .. slots.WithoutRegion.Select(slot => new Finding(
            "setting-unusable", Severity.Warning, $"s3.{slot.Name}",
            $"{slot.UnusedRegion}: requests to the slot's endpoint are signed for us-east-1, which most stores take",
            "set the region that the store names, or us-east-1")),
    ];

    private static IEnumerable<Finding> MuseumYaml(InstanceFolder folder)
    {
        if (folder.IsMuseumYamlADirectory)
        {
            yield return new Finding(
                "museum-yaml-directory", Severity.Error, "museum.yaml",
                $"it is a directory in {folder.Folder}; Docker makes one when the file of a bind mount is missing. museum ignores it and "
                + $"runs with its public default secrets, and existing accounts are not found",
                "stop museum, remove the directory, put the real museum.yaml there, and start again");
        }
        else if ((folder.MuseumYaml ?? folder.MuseumYamlOrigin) is not { } museumYaml)
        {
            yield return new Finding(
                "museum-yaml-missing", Severity.Note, "museum.yaml",
                $"museum reads none for {folder.Folder}; what it runs with comes from elsewhere, as said below",
                "name it with instance.museum-yaml in nestegg.yaml if it is elsewhere");
        }
        else
        {
            yield return new Finding("museum-yaml-ok", Severity.Ok, "museum.yaml", $"read {museumYaml}");
        }
    }

    // Where the settings come from that decide what is backed up, one finding for each place.
    private static IEnumerable<Finding> Origins(MuseumConfiguration configuration) =>
        configuration.Settings()
            .Where(setting => setting.Key.Split('.')[0] is "db" or "s3" or "key" or "jwt" && setting.Origin.Source != MuseumDefaults.Source)
            .Select(setting => (setting.Key, Origin: Split(setting.Origin)))
            .GroupBy(setting => setting.Origin.Place)
            .Select(place => new Finding(
                "settings-origin", Severity.Ok, place.Key,
                string.Join(
                    ", ", place.Select(setting => setting.Origin.Within is { } within ? $"{setting.Key} ({within})" : setting.Key))));

    // `ENTE_DB_USER in .env` is a variable and the file that sets it.
    private static (string Place, string? Within) Split(SettingOrigin origin)
    {
        const string between = " in ";
        var variable = origin.Source.StartsWith("ENTE_", StringComparison.Ordinal)
            ? origin.Source.IndexOf(between, StringComparison.Ordinal)
            : -1;
        return variable > 0
            ? (origin.Source[(variable + between.Length)..], origin.Source[..variable])
            : (origin.Source, origin.Line is { } line ? $"line {line}" : null);
    }

    private static IEnumerable<Finding> Secrets(MuseumConfiguration configuration)
    {
        using var secrets = MuseumSecrets.From(configuration);
        foreach (var key in secrets.Unusable)
        {
            // Without jwt.secret only links and sessions of a day die; the other two are the accounts.
            var severity = key == "jwt.secret" ? Severity.Warning : Severity.Error;
            yield return new Finding(
                "secret-unusable", severity,
                key, $"{configuration.Describe(key)} is not a secret that museum can use: {Expected(key)} was expected",
                "look at museum.yaml and at the museum service's environment");
        }

        foreach (var key in secrets.PublicDefaults)
        {
            yield return new Finding(
                "secret-public-default", Severity.Warning, key,
                $"{configuration.Describe(key)} is the value that every museum ships with, so it is no secret. It is backed up: "
                + $"nothing else that museum reads sets another",
                "a new instance should make its own with Ente's gen-random-keys; changing it later locks all accounts out");
        }
    }

    private static string Expected(string key) => key switch
    {
        "key.encryption" => "standard base64 of 32 bytes",
        "key.hash" => "standard base64 of 64 bytes",
        _ => "URL base64 of 32 bytes",
    };

    private static IEnumerable<Finding> Settings(EnteInstance instance)
    {
        var configuration = instance.Folder.Configuration;
        if (instance.Slots.IsHotStorageIgnored)
        {
            yield return new Finding(
                "hot-storage-ignored", Severity.Warning, "s3.hot_storage",
                $"museum ignores it, because primary and secondary are not both names that it knows; it uses "
                + $"{instance.Slots.HotPrimary.Name}",
                $"set both, each to one of {string.Join(", ", MuseumKeys.SlotNames)}");
        }

        const string compliance = "s3.wasabi-eu-central-2-v3.compliance";
        var wasabi = instance.Slots.Find("wasabi-eu-central-2-v3")!;
        if (wasabi.IsConfigured
            && configuration.Flag(compliance)
            && !wasabi.ConfiguredEndpoint.Contains("wasabisys.com", StringComparison.OrdinalIgnoreCase))
        {
            yield return new Finding(
                "compliance-not-wasabi", Severity.Warning, wasabi.Name,
                $"{configuration.Describe(compliance)} is true, but {wasabi} is not Wasabi: deleting for good fails there",
                $"set {compliance}: false in museum.yaml");
        }
    }

    private static IEnumerable<Finding> HardCodedCodes(MuseumConfiguration configuration)
    {
        const string block = "internal.hardcoded-ott";
        var isSet = configuration.List($"{block}.emails").Count > 0 || configuration.Find($"{block}.local-domain-suffix") is not null;
        if (!isSet)
        {
            yield break;
        }

        var isClosed = configuration.Flag("internal.disable-registration");
        yield return new Finding(
            isClosed ? "hard-coded-code" : "registration-open-with-hard-coded-code", isClosed ? Severity.Note : Severity.Warning, block,
            isClosed
                ? "whoever knows the configured code can pass the e-mail check of the addresses that it is for"
                : "registration is open and the code that should go out by e-mail is fixed: whoever knows it can register and pass the "
                    + "e-mail check",
            "remove internal.hardcoded-ott, or set internal.disable-registration: true");
    }
}
