using System.Data.Common;
using System.Net.Sockets;
using Nestegg.Ente.Configuration;
using Npgsql;

namespace Nestegg.Instance;

/// <summary>Turns what PostgreSQL answers, or that it does not, into words that a person can act on.</summary>
public static class DatabaseFailure
{
    public static NesteggException Explain(DatabaseSettings database, DbException failure)
    {
        var (what, hint) = Describe(failure);
        return new NesteggException(FailureKind.OutOfReach, $"the database {database} {what}", hint, failure);
    }

    /// <summary>What it did, as the end of a sentence, and what to do.</summary>
    public static (string What, string Hint) Describe(DbException failure)
    {
        const string again = "see that PostgreSQL runs and can be reached from here (nestegg doctor looks), and run the command again";
        if (failure is PostgresException answer)
        {
            return answer.SqlState switch
            {
                PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown or PostgresErrorCodes.CannotConnectNow =>
                    ($"ended the connection: {answer.MessageText}", again),
                PostgresErrorCodes.InsufficientPrivilege =>
                    ($"refuses: {answer.MessageText}", "nestegg doctor names what the role may not read, and the GRANT that changes it"),
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
                    return ($"is out of reach: {socket.Message}", again);
                case TimeoutException:
                    return ("did not answer in time", again);
                case IOException:
                    return ("broke the connection", again);
            }
        }

        return ($"failed: {failure.Message}", again);
    }
}
