using System.Net.Sockets;
using Nestegg.Ente;
using Nestegg.Ente.Configuration;
using Npgsql;

namespace Nestegg.Instance;

/// <summary>Turns what PostgreSQL answers, or that it does not, into words that a person can act on.</summary>
internal static class DatabaseFailure
{
    /// <summary>For a connection pooler, which does not hand on the settings that every session of ours begins with.</summary>
    public const string PoolerHint =
        "a connection pooler (PgBouncer) answers there, and sessions of PostgreSQL itself are needed: say in the map of nestegg.yaml, or "
        + "with --map, where that is (nestegg help configuration)";

    // Npgsql does not wrap everything: a host name that nobody knows is the system's own failure.
    public static bool IsOfDatabase(Exception failure) => failure is NpgsqlException or SocketException or TimeoutException;

    /// <summary>
    /// A server that is starting: it says so, or a port that its container's engine has opened for it already is closed again at once.
    /// </summary>
    public static bool IsOfStart(Exception? failure) => failure is PostgresException answer
        ? answer.SqlState == PostgresErrorCodes.CannotConnectNow
        : failure is NpgsqlException { InnerException: IOException };

    /// <summary>Does what needs a database, and names the database when it fails.</summary>
    public static async Task<T> GuardAsync<T>(DatabaseSettings database, Func<Task<T>> work)
    {
        try
        {
            return await work();
        }
        catch (Exception failure) when (IsOfDatabase(failure))
        {
            throw Explain(database, failure);
        }
    }

    /// <inheritdoc cref="GuardAsync{T}"/>
    public static Task GuardAsync(DatabaseSettings database, Func<Task> work) => GuardAsync(database, async () =>
    {
        await work();
        return true;
    });

    /// <summary>PostgreSQL itself takes what a session may begin with.</summary>
    public static bool IsOfPooler(PostgresException answer) =>
        answer.SqlState == PostgresErrorCodes.ProtocolViolation
        && answer.MessageText.Contains("startup parameter", StringComparison.Ordinal);

    private static NesteggException Explain(DatabaseSettings database, Exception failure)
    {
        var (what, hint) = Describe(failure);
        return new NesteggException(FailureKind.OutOfReach, $"the database {database} {what}", hint, failure);
    }

    /// <summary>What it did, as the end of a sentence, and what to do.</summary>
    public static (string What, string Hint) Describe(Exception failure)
    {
        const string again = "see that PostgreSQL runs and can be reached from here (nestegg doctor looks), and run the command again";
        if (failure is PostgresException answer)
        {
            return answer.SqlState switch
            {
                PostgresErrorCodes.CannotConnectNow =>
                    ($"is not ready: {answer.MessageText}", "wait until it has started, and run the command again"),
                PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown =>
                    ($"ended the connection: {answer.MessageText}", again),
                PostgresErrorCodes.InsufficientPrivilege =>
                    ($"refuses: {answer.MessageText}", "nestegg doctor names what the role may not read, and the GRANT that changes it"),
                _ when IsOfPooler(answer) => ($"refuses: {answer.MessageText}", PoolerHint),
                _ => ($"refuses: {answer.MessageText} ({answer.SqlState})", "nestegg doctor looks at the database; its own log says more"),
            };
        }

        for (Exception? inner = failure; inner is not null; inner = inner.InnerException)
        {
            switch (inner)
            {
                case SocketException { SocketErrorCode: SocketError.ConnectionRefused }:
                    return ("does not answer: nothing listens there", again);
                case SocketException socket:
                    return ($"is out of reach: {SystemWords.Of(socket)}", again);
                case TimeoutException:
                    return ("did not answer in time", again);
                case IOException:
                    return ("broke the connection", again);
            }
        }

        return ($"failed: {SystemWords.Of(failure)}", again);
    }
}
