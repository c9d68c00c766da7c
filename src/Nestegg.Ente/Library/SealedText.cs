using System.Text;
using Nestegg.Ente.Cryptography;

namespace Nestegg.Ente.Library;

/// <summary>Text in a secret box, with its nonce in a column beside it: names of albums, comments.</summary>
internal static class SealedText
{
    internal static bool TryOpen(string? box, string? nonce, SecretKey? key, out string text)
    {
        text = "";
        if (key is null || !StandardBase64.TryDecode(box, out var boxBytes) || !StandardBase64.TryDecode(nonce, out var nonceBytes)
            || !SecretBox.TryOpen(boxBytes, nonceBytes, key, out var plaintext))
        {
            return false;
        }

        text = Encoding.UTF8.GetString(plaintext);
        return true;
    }
}
