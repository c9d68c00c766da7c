using System.Text.RegularExpressions;
using Nestegg.Ente.Database;
using Npgsql;

namespace Nestegg.Ente.Configuration;

/// <summary>How museum signs in to PostgreSQL (<c>db.*</c>). Not a record: a record's text would print the password.</summary>
public sealed partial class DatabaseSettings
{
    private readonly Dictionary<string, string> parameters = new(StringComparer.OrdinalIgnoreCase);

    private DatabaseSettings()
    {
    }

    /// <summary>As configured; a host that begins with <c>/</c> is the folder of a socket.</summary>
    public Endpoint Endpoint => new(Parameter("host", "localhost"), int.TryParse(Parameter("port", ""), out var port) ? port : 5432);

    /// <summary>The database; <c>ente_db</c> in the quickstart.</summary>
    public string Name => Parameter("dbname", "");

    /// <summary>Who connects.</summary>
    public string User => Parameter("user", "");

    /// <summary>Their password; empty when there is none.</summary>
    public string Password => Parameter("password", "");

    /// <summary><c>disable</c>, <c>require</c>, <c>verify-ca</c> or <c>verify-full</c>.</summary>
    public string SslMode => Parameter("sslmode", "disable");

    /// <summary>Where museum looks for its tables, in order; empty when its settings do not say.</summary>
    internal IReadOnlyList<string> SearchPath =>
    [
        .. (parameters.GetValueOrDefault("search_path") ?? SearchPathOption().Match(Parameter("options", "")).Groups["path"].Value)
            .Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Select(name => name.Trim('"')).Select(name => name == "$user" ? User : name),
    ];

    /// <summary>Reads <c>db.*</c>. museum appends <c>db.extra</c> to its connection string as it is, so what it names wins.</summary>
    public static DatabaseSettings From(MuseumConfiguration configuration)
    {
        var settings = new DatabaseSettings();
        foreach (var (key, name) in new[]
        {
            ("host", "host"),
            ("port", "port"),
            ("name", "dbname"),
            ("user", "user"),
            ("password", "password"),
            ("sslmode", "sslmode"),
        })
        {
            if (configuration.Text($"db.{key}") is { Length: > 0 } text)
            {
                settings.parameters[name] = text;
            }
        }

        foreach (var (name, value) in ReadPairs(configuration.Text("db.extra")))
        {
            settings.parameters[name] = value;
        }

        return settings;
    }

    /// <summary>For Npgsql, with the host taken through the map. Holds the password.</summary>
    public string ConnectionString(EndpointMap map, int maxConnections = 8)
    {
        var target = map.Resolve(Endpoint);
        var builder = new NpgsqlConnectionStringBuilder
        {
            Host = target.Host,
            Port = target.Port,
            Database = Name,
            Username = User,
            Password = Password,
            SslMode = ParseSslMode(SslMode),
            ApplicationName = "nestegg",
            MaxPoolSize = maxConnections,
            Timeout = int.TryParse(Parameter("connect_timeout", ""), out var seconds) && seconds > 0 ? seconds : 15,
            CommandTimeout = 0,
            KeepAlive = 30,
            ReadBufferSize = 64 * 1024,
            IncludeErrorDetail = false,
        };
        Set("sslrootcert", value => builder.RootCertificate = value);
        Set("sslcert", value => builder.SslCertificate = value);
        Set("sslkey", value => builder.SslKey = value);
        builder.Options = Options(majorVersion: 0);
        return builder.ConnectionString;

        void Set(string name, Action<string> assign)
        {
            if (parameters.TryGetValue(name, out var value) && value.Length > 0)
            {
                assign(value);
            }
        }
    }

    /// <summary>What PostgreSQL's own programs take from their environment, the password among it. Never for an argument list.</summary>
    public IEnumerable<KeyValuePair<string, string>> ProgramEnvironment()
    {
        foreach (var (variable, name) in new[]
        {
            ("PGPASSWORD", "password"),
            ("PGSSLMODE", "sslmode"), ("PGSSLROOTCERT", "sslrootcert"), ("PGSSLCERT", "sslcert"), ("PGSSLKEY", "sslkey"),
        })
        {
            if (parameters.TryGetValue(name, out var value) && value.Length > 0)
            {
                yield return new(variable, value);
            }
        }
    }

    /// <summary>The database for an argument list of PostgreSQL's own programs, with the settings of the session.</summary>
    /// <param name="majorVersion">Of the server; 0 when it is not known.</param>
    internal string ProgramDatabase(int majorVersion) => $"dbname={Quoted(Name)} options={Quoted(Options(majorVersion))}";

    /// <summary>Where and as whom, without the password.</summary>
    public override string ToString() => Endpoint.Host.StartsWith('/')
        ? $"{Name} behind the socket {Endpoint.Host.TrimEnd('/')}/.s.PGSQL.{Endpoint.Port} as {User}"
        : $"{Endpoint}/{Name} as {User}";

    // The later of two settings of one name is the one that counts.
    private string Options(int majorVersion) => $"{Parameter("options", "")} {SessionSettings.Options(majorVersion)}".TrimStart();

    private static string Quoted(string value) =>
        $"'{value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "\\'", StringComparison.Ordinal)}'";

    [GeneratedRegex(@"search_path\s*=\s*(?<path>(?:\\.|[^\s\\])+)")]
    private static partial Regex SearchPathOption();

    private static SslMode ParseSslMode(string text) => text switch
    {
        "disable" or "" => Npgsql.SslMode.Disable,
        "allow" => Npgsql.SslMode.Allow,
        "prefer" => Npgsql.SslMode.Prefer,
        "require" => Npgsql.SslMode.Require,
        "verify-ca" => Npgsql.SslMode.VerifyCA,
        "verify-full" => Npgsql.SslMode.VerifyFull,
        _ => throw new EnteException(
            $"db.sslmode is `{text}`, which PostgreSQL does not know.", "One of disable, require, verify-ca, verify-full."),
    };

    private string Parameter(string name, string otherwise) =>
        parameters.TryGetValue(name, out var value) && value.Length > 0 ? value : otherwise;

    // `name = value` pairs of a connection string: values may stand in single quotes, backslash escapes.
    private static IEnumerable<(string Name, string Value)> ReadPairs(string text)
    {
        var at = 0;
        while (at < text.Length)
        {
            var equals = text.IndexOf('=', at);
            if (equals < 0)
            {
                yield break;
            }

            var name = text[at..equals].Trim();
            at = equals + 1;
            while (at < text.Length && char.IsWhiteSpace(text[at]))
            {
                at++;
            }

            var isQuoted = at < text.Length && text[at] == '\'';
            if (isQuoted)
            {
                at++;
            }

            var value = new System.Text.StringBuilder();
            for (; at < text.Length && (isQuoted ? text[at] != '\'' : !char.IsWhiteSpace(text[at])); at++)
            {
                if (text[at] == '\\' && at + 1 < text.Length)
                {
                    at++;
                }

                value.Append(text[at]);
            }

            at++;
            yield return (name, value.ToString());
        }
    }
}
