using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Nestegg.Server.S3;

/// <summary>A request as S3 sees it: path style, <c>/bucket/key</c>, and what the query asks for.</summary>
internal sealed class S3Request
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private S3Request(HttpContext context, string path, List<KeyValuePair<string, string>> query)
    {
        Context = context;
        Path = path;
        Query = query;
        var slash = path.IndexOf('/', 1);
        Bucket = slash < 0 ? path[1..] : path[1..slash];
        Key = slash < 0 ? "" : path[(slash + 1)..];
    }

    public HttpContext Context { get; }

    public string Method => Context.Request.Method;

    /// <summary>Decoded, beginning with a slash; dots and double slashes as the client sent them.</summary>
    public string Path { get; }

    public IReadOnlyList<KeyValuePair<string, string>> Query { get; }

    /// <summary>Empty for requests to the service.</summary>
    public string Bucket { get; }

    /// <summary>Empty for requests to a bucket.</summary>
    public string Key { get; }

    public static S3Request Parse(HttpContext context)
    {
        // The server's own Path has lost "..", "//" and "%2F", all of which are legal in keys.
        var target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        if (!target.StartsWith('/'))
        {
            if (!Uri.TryCreate(target, UriKind.Absolute, out _))
            {
                throw InvalidUri();
            }

            target = target[target.IndexOf('/', target.IndexOf("://", StringComparison.Ordinal) + 3)..];
        }

        var mark = target.IndexOf('?', StringComparison.Ordinal);
        var path = Decode(mark < 0 ? target : target[..mark]);
        var query = new List<KeyValuePair<string, string>>();
        foreach (var pair in mark < 0 ? [] : target[(mark + 1)..].Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = pair.IndexOf('=', StringComparison.Ordinal);
            var name = equals < 0 ? pair : pair[..equals];
            var value = equals < 0 ? "" : pair[(equals + 1)..];
            query.Add(new(Decode(name.Replace('+', ' ')), Decode(value.Replace('+', ' '))));
        }

        var request = new S3Request(context, path, query);
        return Encoding.UTF8.GetByteCount(request.Key) <= KeyPath.MaxKeyBytes ? request : throw S3Exception.KeyTooLong();
    }

    /// <summary>The value of a query parameter; <see langword="null"/> when the query does not have it.</summary>
    public string? Parameter(string name)
    {
        foreach (var pair in Query)
        {
            if (pair.Key == name)
            {
                return pair.Value;
            }
        }

        return null;
    }

    public bool Has(string parameter) => Parameter(parameter) is not null;

    /// <summary>The value of a header; <see langword="null"/> when the request does not have it.</summary>
    public string? Header(string name) => Context.Request.Headers.TryGetValue(name, out var values) ? values.ToString() : null;

    /// <summary>A whole number in the query.</summary>
    public int Number(string parameter, int absent, int least, int most)
    {
        if (Parameter(parameter) is not { Length: > 0 } text)
        {
            return absent;
        }

        return int.TryParse(text, out var value) && value >= least
            ? Math.Min(value, most)
            : throw S3Exception.InvalidArgument($"{parameter} is a whole number of at least {least}, not '{text}'.");
    }

    /// <summary>Decodes <c>%XX</c>; refuses what is not UTF-8.</summary>
    public static string Decode(string text)
    {
        if (!text.Contains('%'))
        {
            return text;
        }

        var bytes = new byte[Encoding.UTF8.GetMaxByteCount(text.Length)];
        var length = 0;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] != '%')
            {
                length += Encoding.UTF8.GetBytes(text.AsSpan(i, 1), bytes.AsSpan(length));
            }
            else if (i + 2 < text.Length
                && byte.TryParse(text.AsSpan(i + 1, 2), System.Globalization.NumberStyles.AllowHexSpecifier, null, out var value))
            {
                bytes[length++] = value;
                i += 2;
            }
            else
            {
                throw InvalidUri();
            }
        }

        try
        {
            return StrictUtf8.GetString(bytes, 0, length);
        }
        catch (DecoderFallbackException)
        {
            throw InvalidUri();
        }
    }

    private static S3Exception InvalidUri() => new(400, "InvalidURI", "The path or query could not be decoded as UTF-8.");
}
