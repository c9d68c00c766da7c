namespace Nestegg.Ente.Configuration;

/// <summary>Where the web apps of an instance are served from, as far as museum knows it for the links that it makes.</summary>
public static class WebOrigins
{
    /// <summary>What a browser calls the app's origin where the settings name none: the photos app of the quickstart.</summary>
    public const string Quickstart = "http://localhost:3000";

    /// <summary>The origins that <c>apps.*</c> names, each once; <see cref="Quickstart"/> when that is none.</summary>
    public static IReadOnlyList<string> Of(IEnumerable<Setting> settings)
    {
        var named = settings.Where(setting => setting.Key.StartsWith("apps.", StringComparison.OrdinalIgnoreCase))
            .Select(setting => OriginOf(setting.Text))
            .OfType<string>()
            .Distinct()
            .ToList();
        return named.Count > 0 ? named : [Quickstart];
    }

    private static string? OriginOf(string text)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https"))
        {
            return null;
        }

        var host = uri.HostNameType == UriHostNameType.Dns ? uri.IdnHost : uri.Host;
        return $"{uri.Scheme}://{host}{(uri.IsDefaultPort ? "" : $":{uri.Port}")}";
    }
}
