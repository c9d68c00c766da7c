using Nestegg.Ente.Json;

namespace Nestegg.Ente.Library;

/// <summary>A code of Ente Auth.</summary>
/// <param name="Id">The row's id.</param>
/// <param name="Uri">An <c>otpauth://</c> address with the secret in it; null when the row does not open.</param>
/// <param name="IsTrashed">The person threw it away in the app; it can still be taken back.</param>
/// <param name="Problem">Why it does not open.</param>
public sealed record AuthCode(string Id, string? Uri, bool IsTrashed, LibraryProblem? Problem)
{
    /// <summary>Never the secret.</summary>
    public override string ToString() => $"AuthCode {Id}";

    /// <summary>The app keeps its own remarks about a code as JSON in the address.</summary>
    internal static bool IsTrashedIn(string uri)
    {
        const string Remarks = "codeDisplay=";
        var start = uri.IndexOf(Remarks, StringComparison.Ordinal);
        if (start < 0)
        {
            return false;
        }

        var value = uri[(start + Remarks.Length)..].Split('&')[0];
        return LenientJson.TryParse(System.Uri.UnescapeDataString(value), out var json) && json.Flag("trashed");
    }
}
