using System.ComponentModel;
using System.Net.Sockets;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using Nestegg.Ente;
using Nestegg.TestKit;

namespace Nestegg.Tests;

/// <summary>What .NET makes of a failure never reaches a person: the system's words do.</summary>
public sealed class SystemWordsTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_file_that_fails_is_told_by_its_cause_and_its_path_stands_once()
    {
        Directory.CreateDirectory(folder["folder"]);
        File.WriteAllText(folder["file"], "");
        var longName = folder[new string('n', 300)];
        (string Path, string Words)[] all =
        [
            (folder["nope"], "no such file or directory"), (folder["no/such/file"], "no such file or directory"),
            (folder["folder"], "permission denied"), (longName, "the name is too long for the file system"),
            (folder["it's a file"], "no such file or directory"),
        ];
        foreach (var (path, words) in all)
        {
            var failure = Record.Exception(() => File.ReadAllText(path))!;
            Assert.Equal((words, $"{path}: {words}"), (SystemWords.Of(failure), SystemWords.WithPath(failure)));
        }

        var exists = Record.Exception(() => new FileStream(folder["file"], FileMode.CreateNew).Dispose())!;
        Assert.Equal($"{folder["file"]}: file exists", SystemWords.WithPath(exists));
        var full = Record.Exception(() => File.WriteAllText("/dev/full", "x"))!;
        Assert.Equal("/dev/full: the disk is full", SystemWords.WithPath(full));
        var closed = Record.Exception(() => HeldFolder.TryOpen(folder["nope"], ""))!;
        Assert.Equal($"{folder["nope"]}: no such file or directory", SystemWords.WithPath(closed));
    }

    [Fact]
    public void Sentences_of_our_own_stay_as_they_are() =>
        Assert.Equal("/disk/a has vanished", SystemWords.WithPath(new DirectoryNotFoundException("/disk/a has vanished")));

    public static TheoryData<Exception, string> Others => new()
    {
        { new SocketException((int)SocketError.ConnectionRefused), "nothing listens there" },
        { new SocketException((int)SocketError.HostNotFound), "the host name is not known on this machine" },
        { new HttpRequestException("No route to host (10.1.2.3:80)", new SocketException((int)SocketError.HostUnreachable)),
            "no route to host" },
        { new IOException("Unable to read data from the transport connection: Connection reset by peer.",
            new SocketException((int)SocketError.ConnectionReset)), "connection reset by peer" },
        { new Win32Exception(2, "An error occurred trying to start process 'pg_dump' with working directory '/'."),
            "no such file or directory" },
        { new SqliteException("SQLite Error 13: 'database or disk is full'.", 13), "the disk is full" },
        { new SqliteException("SQLite Error 1: 'duplicate column name: id'.", 1), "duplicate column name: id" },
        { new TimeoutException("The operation has timed out."), "no answer in time" },
        { new EndOfStreamException("Attempted to read past the end of the stream."), "it ends too early" },
        { new ArgumentException("The value is wrong. (Parameter 'path')"), "the value is wrong" },
        { Record.Exception(() => JsonDocument.Parse("{\n\"a\": ?}"))!, "'?' is an invalid start of a value (line 2)" },
    };

    [Theory]
    [MemberData(nameof(Others), DisableDiscoveryEnumeration = true)]
    public void Neither_types_nor_parameters_nor_addresses_are_named(Exception failure, string words) =>
        Assert.Equal(words, SystemWords.Of(failure));
}
