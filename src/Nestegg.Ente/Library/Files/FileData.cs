using System.Text.Json;
using Nestegg.Ente.Cryptography;
using Nestegg.Ente.Json;

namespace Nestegg.Ente.Library;

/// <summary>ML data and video playlists: objects that are JSON, in which a message under the file's key holds gzipped JSON.</summary>
public static class FileData
{
    /// <summary>No such object is larger; a reader need not take in more.</summary>
    public const int MaxBytes = 64 * 1024 * 1024;

    /// <summary>Opens such an object.</summary>
    /// <param name="content">The object's bytes.</param>
    /// <param name="key">The file's key.</param>
    /// <param name="json">What is in it, with members that this library does not know.</param>
    /// <param name="problem">What is wrong, as a sentence; empty when nothing is.</param>
    public static bool TryOpen(ReadOnlySpan<byte> content, SecretKey key, out JsonElement json, out string problem)
    {
        json = default;
        problem = "";
        if (!LenientJson.TryParse(content, out var envelope))
        {
            problem = "the object is not JSON";
        }
        else if (!StandardBase64.TryDecode(envelope.Text("encryptedData"), out var message)
            || !StandardBase64.TryDecode(envelope.Text("header") ?? envelope.Text("decryptionHeader"), out var header))
        {
            problem = "the object lacks its encrypted part or its header";
        }
        else if (!SecretStream.TryOpen(message, header, key, requireFinal: true, out var plaintext))
        {
            problem = "the encrypted part does not open with the file's key";
        }
        else if (!Compressed.TryExpand(plaintext, out var expanded) || !LenientJson.TryParse(expanded, out json))
        {
            problem = "what is inside is not gzipped JSON";
        }

        return problem.Length == 0;
    }
}
