using System.Text;

namespace Nestegg.Ente.Configuration;

/// <summary>
/// The variables of compose files: <c>$NAME</c>, <c>${NAME}</c>, <c>${NAME:-default}</c>, <c>${NAME-default}</c>, <c>${NAME:+other}</c>,
/// <c>${NAME+other}</c>, <c>${NAME:?message}</c>, <c>${NAME?message}</c>, <c>$$</c>. With the colon an empty value counts as unset.
/// </summary>
internal static class Interpolation
{
    // A default within a default within a default is seen; what goes on is no configuration, and would go on for ever.
    private const int DeepestNesting = 32;
    private const int LongestText = 1 << 20;

    /// <param name="text">A value as it is written.</param>
    /// <param name="lookup">The variables.</param>
    /// <param name="onUnset">Told of each that is empty or not set, where the text says nothing to put in its place.</param>
    public static string Expand(string text, Func<string, string?> lookup, Action<string>? onUnset = null)
    {
        if (!text.Contains('$'))
        {
            return text;
        }

        var result = new StringBuilder();
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] != '$' || i + 1 == text.Length)
            {
                result.Append(text[i]);
            }
            else if (text[i + 1] == '$')
            {
                result.Append('$');
                i++;
            }
            else if (text[i + 1] == '{' && ClosingBrace(text, i + 1) is var end and > 0)
            {
                result.Append(ExpandBraces(text[(i + 2)..end], lookup, onUnset));
                i = end;
            }
            else
            {
                var length = NameLength(text.AsSpan(i + 1));
                result.Append(length == 0 ? "$" : Plain(text.Substring(i + 1, length), lookup, onUnset));
                i += length;
            }

            if (result.Length > LongestText)
            {
                throw new EnteException(
                    $"A value with variables comes to more than {LongestText:N0} characters.",
                    "Look at the variables of .env and of the compose files.");
            }
        }

        return result.ToString();
    }

    private static string Plain(string name, Func<string, string?> lookup, Action<string>? onUnset)
    {
        if (lookup(name) is { Length: > 0 } value)
        {
            return value;
        }

        onUnset?.Invoke(name);
        return "";
    }

    private static string ExpandBraces(string body, Func<string, string?> lookup, Action<string>? onUnset)
    {
        var length = NameLength(body);
        var value = lookup(body[..length]);
        var rest = body.AsSpan(length);
        var emptyIsUnset = rest.StartsWith(":");
        if (emptyIsUnset)
        {
            rest = rest[1..];
        }

        var isSet = value is not null && !(emptyIsUnset && value.Length == 0);
        var argument = rest.IsEmpty ? "" : rest[1..].ToString();
        return (rest.IsEmpty ? ' ' : rest[0]) switch
        {
            '-' => isSet ? value! : Expand(argument, lookup, onUnset),
            '+' => isSet ? Expand(argument, lookup, onUnset) : "",
            '?' when !isSet => throw new EnteException(
                $"The compose file needs the variable {body[..length]}, which is not set: {argument}",
                "Set it in .env or in the environment."),
            _ => Plain(body[..length], lookup, onUnset),
        };
    }

    private static int ClosingBrace(string text, int open)
    {
        var depth = 0;
        for (var i = open; i < text.Length; i++)
        {
            if (text[i] == '{')
            {
                depth++;
            }
            else if (text[i] == '}' && --depth == 0)
            {
                return i;
            }

            if (depth > DeepestNesting)
            {
                var name = text.AsSpan(open + 1);
                throw new EnteException(
                    $"The value with ${{{name[..NameLength(name)]}…}} nests variables deeper than {DeepestNesting} levels.",
                    "Look for it in the compose files and in .env.");
            }
        }

        return -1;
    }

    private static int NameLength(ReadOnlySpan<char> text)
    {
        var length = 0;
        while (length < text.Length
            && (char.IsAsciiLetter(text[length]) || text[length] == '_' || (length > 0 && char.IsAsciiDigit(text[length]))))
        {
            length++;
        }

        return length;
    }
}
