using System.Net.Sockets;
using Nestegg.Ente.Configuration;
using Nestegg.Instance;
using Nestegg.TestKit;
using Npgsql;

namespace Nestegg.Tests.Instance;

public sealed class DatabaseFailureTests
{
    private static readonly DatabaseSettings Database = DatabaseSettings.From(
        MuseumConfiguration.Create([("museum.yaml", "db: { host: db.example.org, name: ente_db, user: u, password: hush-hush }")], []));

    public static TheoryData<Exception, string> Failures => new()
    {
        { new NpgsqlException("failed", new SocketException((int)SocketError.ConnectionRefused)), "nothing listens there" },
        { new SocketException((int)SocketError.HostNotFound), "is out of reach" },
        { new TimeoutException(), "did not answer in time" },
        { new NpgsqlException("failed", new IOException()), "broke the connection" },
        {
            new PostgresException("permission denied", "ERROR", "ERROR", PostgresErrorCodes.InsufficientPrivilege),
            "refuses: permission denied"
        },
        {
            new PostgresException("unsupported startup parameter: options", "FATAL", "FATAL", PostgresErrorCodes.ProtocolViolation),
            "refuses: unsupported startup parameter"
        },
        { new PostgresException("bye", "FATAL", "FATAL", PostgresErrorCodes.AdminShutdown), "ended the connection: bye" },
    };

    [Theory]
    [MemberData(nameof(Failures))]
    public async Task Whatever_a_database_does_is_told_with_its_name_and_never_with_its_password(Exception failure, string words)
    {
        var told = await Assert.ThrowsAsync<NesteggException>(() =>
            DatabaseFailure.GuardAsync(Database, () => Task.FromException(failure)));
        Assert.Equal(FailureKind.OutOfReach, told.Kind);
        Assert.Contains(words, told.Message);
        Assert.Null(ErrorText.WhatIsWrong(told, "db.example.org"));
        Assert.DoesNotContain("hush", told.Message + told.Hint);
    }

    [Fact]
    public void A_pooler_that_hands_on_no_settings_is_called_one()
    {
        var (_, hint) = DatabaseFailure.Describe(
            new PostgresException("unsupported startup parameter: options", "FATAL", "FATAL", PostgresErrorCodes.ProtocolViolation));
        Assert.Contains("PgBouncer", hint);
        Assert.Contains("map of nestegg.yaml", hint);
    }

    [Fact]
    public async Task What_is_not_the_database_s_is_left_alone() =>
        await Assert.ThrowsAsync<InvalidOperationException>(() =>
            DatabaseFailure.GuardAsync(Database, () => Task.FromException(new InvalidOperationException())));
}
