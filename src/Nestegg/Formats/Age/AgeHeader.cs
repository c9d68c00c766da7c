using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;

namespace Nestegg.Formats.Age;

/// <summary>The text at the beginning of an age file: stanzas and a MAC over them.</summary>
internal sealed class AgeHeader
{
    internal const string Version = "age-encryption.org/v1";
    private const int BodyColumns = 64;

    private readonly byte[] mac;
    private readonly byte[] authenticated;

    private AgeHeader(IReadOnlyList<AgeStanza> stanzas, byte[] authenticated, byte[] mac)
    {
        Stanzas = stanzas;
        this.authenticated = authenticated;
        this.mac = mac;
    }

    internal IReadOnlyList<AgeStanza> Stanzas { get; }

    internal bool HasMac(ReadOnlySpan<byte> fileKey) =>
        CryptographicOperations.FixedTimeEquals(AgeKeys.HeaderMac(fileKey, authenticated), mac);

    internal static byte[] Write(IEnumerable<AgeStanza> stanzas, ReadOnlySpan<byte> fileKey)
    {
        var text = new StringBuilder(Version).Append('\n');
        foreach (var stanza in stanzas)
        {
            Debug.Assert(
                stanza.Arguments.Prepend(stanza.Type).All(word => word.Length > 0 && !word.Contains(' ')),
                "Words are read back by the spaces between them.");
            text.Append("-> ").Append(stanza.Type);
            foreach (var argument in stanza.Arguments)
            {
                text.Append(' ').Append(argument);
            }

            text.Append('\n');

            // The last line of a body is shorter than the others, if need be empty: that is how its end is found.
            var body = AgeKeys.ToBase64(stanza.Body);
            for (var i = 0; i <= body.Length; i += BodyColumns)
            {
                text.Append(body, i, Math.Min(BodyColumns, body.Length - i)).Append('\n');
            }
        }

        text.Append("---");
        var mac = AgeKeys.HeaderMac(fileKey, Encoding.ASCII.GetBytes(text.ToString()));
        return Encoding.ASCII.GetBytes(text.Append(' ').Append(AgeKeys.ToBase64(mac)).Append('\n').ToString());
    }

    /// <summary>Reads a header from its lines, without their ends.</summary>
    /// <exception cref="FormatException">With the rest of a sentence about the file.</exception>
    internal static async Task<AgeHeader> ReadAsync(Func<ValueTask<string>> readLine)
    {
        var lines = new Lines(readLine);
        if (await lines.NextAsync() != Version)
        {
            throw new FormatException("it is no age file of version 1");
        }

        var stanzas = new List<AgeStanza>();
        var line = await lines.NextAsync();
        for (; line.StartsWith("-> ", StringComparison.Ordinal); line = await lines.NextAsync())
        {
            var words = line[3..].Split(' ');
            if (words.Any(word => word.Length == 0))
            {
                throw new FormatException("its header has a broken stanza");
            }

            stanzas.Add(new AgeStanza(words[0], words[1..], await lines.NextBodyAsync()));
        }

        if (!line.StartsWith("--- ", StringComparison.Ordinal) || !AgeKeys.TryFromBase64(line[4..], out var mac) || stanzas.Count == 0)
        {
            throw new FormatException("its header does not end as an age header does");
        }

        // What is authenticated ends with the three dashes.
        return new AgeHeader(stanzas, lines.AllBut(line.Length + 1 - 3), mac);
    }

    /// <summary>The lines of a header as they are read, and all of their text so far.</summary>
    private sealed class Lines(Func<ValueTask<string>> readLine)
    {
        private readonly StringBuilder text = new();

        public async ValueTask<string> NextAsync()
        {
            var line = await readLine();
            text.Append(line).Append('\n');
            return line;
        }

        public async ValueTask<byte[]> NextBodyAsync()
        {
            var body = new StringBuilder();
            string line;
            do
            {
                line = await NextAsync();
                body.Append(line);
            }
            while (line.Length == BodyColumns);

            return line.Length < BodyColumns && AgeKeys.TryFromBase64(body.ToString(), out var bytes)
                ? bytes
                : throw new FormatException("its header has a stanza with a broken body");
        }

        /// <summary>The text without its last characters.</summary>
        public byte[] AllBut(int characters) => Encoding.ASCII.GetBytes(text.ToString(0, text.Length - characters));
    }
}
