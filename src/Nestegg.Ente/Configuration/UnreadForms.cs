namespace Nestegg.Ente.Configuration;

/// <summary>
/// Files of a folder that say something of museum in a form that is not read, so that a person who names such a folder learns why nothing
/// was found in it.
/// </summary>
internal static class UnreadForms
{
    private const int MostFiles = 200;
    private const long LargestBytes = 1 << 20;

    /// <returns>A sentence for each kind, with a blank before it; empty when there is none.</returns>
    public static string Describe(string folder)
    {
        var found = new SortedDictionary<string, List<string>>(StringComparer.Ordinal);
        try
        {
            foreach (var path in Directory.EnumerateFiles(folder).Take(MostFiles).Order(StringComparer.Ordinal))
            {
                if (KindOf(path) is { } kind)
                {
                    found.TryAdd(kind, []);
                    found[kind].Add(Path.GetFileName(path));
                }
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return "";
        }

        return string.Concat(found.Select(entry =>
            $" {string.Join(", ", entry.Value)}: {entry.Key} that speaks of museum, which is not read."));
    }

    private static string? KindOf(string path)
    {
        var extension = Path.GetExtension(path).ToLowerInvariant();
        if (extension is not (".yaml" or ".yml" or ".json" or ".xml" or ".nix" or ".service" or ".container") || Text(path) is not { } text
            || !(text.Contains("museum", StringComparison.OrdinalIgnoreCase) || text.Contains("ENTE_", StringComparison.Ordinal)))
        {
            return null;
        }

        return extension switch
        {
            ".nix" => "a NixOS module",
            ".xml" => text.Contains("<Container", StringComparison.Ordinal) ? "a template of Unraid" : null,
            ".service" or ".container" => "a unit of systemd",
            _ when text.Contains("apiVersion", StringComparison.Ordinal) && text.Contains("kind", StringComparison.Ordinal) =>
                "a manifest of Kubernetes",
            ".yaml" or ".yml" when Path.GetFileName(path).StartsWith("values", StringComparison.Ordinal) => "values of a Helm chart",
            _ => null,
        };
    }

    private static string? Text(string path)
    {
        using var handle = ConfigurationText.TryOpen(path, out _);
        if (handle is null || RandomAccess.GetLength(handle) > LargestBytes)
        {
            return null;
        }

        using var reader = new StreamReader(new FileStream(handle, FileAccess.Read));
        return reader.ReadToEnd();
    }
}
