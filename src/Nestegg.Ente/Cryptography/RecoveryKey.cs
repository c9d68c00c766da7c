using System.Buffers;
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace Nestegg.Ente.Cryptography;

/// <summary>
/// A recovery key as people keep it: 24 words of the English BIP-39 list (256 bits and a checksum of 8), or 64 hexadecimal digits.
/// </summary>
public static class RecoveryKey
{
    private const int WordCount = 24;
    private const int BitsPerWord = 11;
    private static readonly string[] Words = ReadWords();
    private static readonly SearchValues<char> WhiteSpace = SearchValues.Create(" \t\r\n\u00a0");

    /// <summary>Reads a recovery key.</summary>
    /// <param name="text">As typed; the case of letters and the amount of white space do not matter.</param>
    /// <param name="key">The key.</param>
    /// <param name="problem">What is wrong with it, as a sentence for people that says nothing of the key.</param>
    public static bool TryParse(ReadOnlySpan<char> text, [NotNullWhen(true)] out SecretKey? key, [NotNullWhen(false)] out string? problem)
    {
        text = text.Trim();
        if (text.IndexOfAny(WhiteSpace) < 0)
        {
            return TryParseHex(text, out key, out problem);
        }

        // Digits in several lines or groups are digits.
        Span<char> digits = stackalloc char[2 * SecretKey.SizeBytes];
        (key, problem) = (null, null);
        var isHex = TryJoin(text, digits) && TryParseHex(digits, out key, out problem);
        digits.Clear();
        return isHex || TryParseWords(text, out key, out problem);
    }

    /// <summary>The 24 words of a key, for a person to keep.</summary>
    public static string ToWords(SecretKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        Span<byte> bits = stackalloc byte[SecretKey.SizeBytes + 1];
        key.Bytes.CopyTo(bits);
        bits[^1] = Checksum(key.Bytes);
        var words = new string[WordCount];
        for (var i = 0; i < WordCount; i++)
        {
            var index = 0;
            for (var bit = i * BitsPerWord; bit < (i + 1) * BitsPerWord; bit++)
            {
                index = (index << 1) | ((bits[bit / 8] >> (7 - (bit % 8))) & 1);
            }

            words[i] = Words[index];
        }

        CryptographicOperations.ZeroMemory(bits);
        return string.Join(' ', words);
    }

    // Whether what is no white space fills the digits exactly.
    private static bool TryJoin(ReadOnlySpan<char> text, Span<char> digits)
    {
        var count = 0;
        foreach (var letter in text)
        {
            if (!WhiteSpace.Contains(letter) && count++ < digits.Length)
            {
                digits[count - 1] = letter;
            }
        }

        return count == digits.Length;
    }

    private static bool TryParseHex(ReadOnlySpan<char> text, out SecretKey? key, out string? problem)
    {
        (key, problem) = (null, null);
        Span<byte> bytes = stackalloc byte[SecretKey.SizeBytes];
        if (text.Length == 2 * SecretKey.SizeBytes && Convert.FromHexString(text, bytes, out _, out _) == OperationStatus.Done)
        {
            key = SecretKey.From(bytes);
        }
        else
        {
            problem = $"a recovery key is {WordCount} words or {2 * SecretKey.SizeBytes} hexadecimal digits; this is neither";
        }

        CryptographicOperations.ZeroMemory(bytes);
        return key is not null;
    }

    private static bool TryParseWords(ReadOnlySpan<char> text, out SecretKey? key, out string? problem)
    {
        (key, problem) = (null, null);
        Span<byte> bits = stackalloc byte[SecretKey.SizeBytes + 1];
        Span<char> word = stackalloc char[8];
        var count = 0;
        while ((text = text.TrimStart()).Length > 0)
        {
            var end = text.IndexOfAny(WhiteSpace);
            var typed = end < 0 ? text : text[..end];
            text = text[typed.Length..];
            var index = typed.Length > word.Length ? -1 : IndexOf(word[..typed.ToLowerInvariant(word)]);
            if (index < 0)
            {
                problem ??= $"word {count + 1} of the recovery key is not in the list of words";
            }
            else if (count < WordCount)
            {
                Append(bits, count, index);
            }

            count++;
        }

        if (count != WordCount)
        {
            problem = $"a recovery key has {WordCount} words; this has {count}";
        }
        else if (problem is null && bits[^1] != Checksum(bits[..SecretKey.SizeBytes]))
        {
            problem = "the checksum of the recovery key does not fit: a word is wrong, or two have changed places";
        }

        key = problem is null ? SecretKey.From(bits[..SecretKey.SizeBytes]) : null;
        CryptographicOperations.ZeroMemory(bits);
        word.Clear();
        return key is not null;
    }

    private static void Append(Span<byte> bits, int position, int index)
    {
        Debug.Assert(position is >= 0 and < WordCount, "There is room for the words of a key.");
        Debug.Assert(index is >= 0 and < 1 << BitsPerWord, "A word's place in the list is what it stands for.");
        for (var i = 0; i < BitsPerWord; i++)
        {
            var bit = (position * BitsPerWord) + i;
            bits[bit / 8] |= (byte)(((index >> (BitsPerWord - 1 - i)) & 1) << (7 - (bit % 8)));
        }
    }

    private static int IndexOf(ReadOnlySpan<char> word)
    {
        var (low, high) = (0, Words.Length - 1);
        while (low <= high)
        {
            var middle = (low + high) / 2;
            var order = word.SequenceCompareTo(Words[middle]);
            if (order == 0)
            {
                return middle;
            }

            (low, high) = order < 0 ? (low, middle - 1) : (middle + 1, high);
        }

        return -1;
    }

    private static byte Checksum(ReadOnlySpan<byte> entropy)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(entropy, hash);
        return hash[0];
    }

    private static string[] ReadWords()
    {
        using var stream = typeof(RecoveryKey).Assembly.GetManifestResourceStream("bip39-english.txt")
            ?? throw new InvalidOperationException("The list of words is not in the assembly.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
