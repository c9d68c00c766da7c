using System.Text.Json;
using Nestegg.Ente.Cryptography;
using Nestegg.Ente.Json;

namespace Nestegg.Ente.Library;

/// <summary>Ente's name for metadata that can be edited: a JSON column with version, count, ciphertext and header.</summary>
internal static class MagicMetadata
{
    /// <summary>Opens a column.</summary>
    /// <param name="column">The column's text; null when the row has none.</param>
    /// <param name="key">The file's or album's key.</param>
    /// <param name="json">The object inside; undefined when there is none.</param>
    /// <returns>False when there is something and it does not open.</returns>
    internal static bool TryOpen(string? column, SecretKey key, out JsonElement json)
    {
        json = default;
        if (string.IsNullOrWhiteSpace(column))
        {
            return true;
        }

        if (!LenientJson.TryParse(column, out var envelope))
        {
            return false;
        }

        // An emptied envelope occurs: nothing was edited.
        return envelope.ValueKind == JsonValueKind.Null
            || string.IsNullOrEmpty(envelope.Text("data"))
            || TryOpenBlob(envelope.Text("data"), envelope.Text("header"), key, out json);
    }

    /// <summary>Opens a JSON object that is one message of a stream.</summary>
    internal static bool TryOpenBlob(string? base64, string? header, SecretKey key, out JsonElement json)
    {
        json = default;
        return StandardBase64.TryDecode(base64, out var message)
            && StandardBase64.TryDecode(header, out var headerBytes)
            && SecretStream.TryOpen(message, headerBytes, key, requireFinal: true, out var plaintext)
            && LenientJson.TryParse(plaintext, out json)
            && json.ValueKind == JsonValueKind.Object;
    }
}
