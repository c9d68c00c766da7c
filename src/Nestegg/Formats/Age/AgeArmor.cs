using System.Text;

namespace Nestegg.Formats.Age;

/// <summary>age's armor: an age file in base64 between two lines, as <c>age -a</c> writes it.</summary>
internal static class AgeArmor
{
    private const string Begin = "-----BEGIN AGE ENCRYPTED FILE-----";
    private const string End = "-----END AGE ENCRYPTED FILE-----";

    /// <returns><see langword="false"/> when the content is not armored.</returns>
    internal static bool TryDecode(byte[] content, string name, out byte[] binary)
    {
        binary = [];
        var text = Encoding.ASCII.GetString(content).Trim();
        if (!text.StartsWith(Begin, StringComparison.Ordinal))
        {
            return false;
        }

        try
        {
            if (!text.EndsWith(End, StringComparison.Ordinal))
            {
                throw new FormatException();
            }

            binary = Convert.FromBase64String(text[Begin.Length..^End.Length]);
            return true;
        }
        catch (FormatException)
        {
            throw new NesteggException(
                FailureKind.BadInput, $"the armor of {name} is broken", "copy the whole file again, from its BEGIN line to its END line");
        }
    }
}
