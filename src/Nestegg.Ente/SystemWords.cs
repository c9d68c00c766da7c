using System.ComponentModel;
using System.Data.Common;
using System.Net.Http;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Security.Authentication;
using System.Text.RegularExpressions;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Nestegg.Ente;

/// <summary>
/// What the operating system, or what stands between it and us, says of a failure, as the end of a sentence for a person: the cause alone,
/// without the path (the sentence has it), the names of types and parameters, and a full stop.
/// </summary>
public static partial class SystemWords
{
    // errno as Linux numbers it (macOS: EDQUOT is 69, ESTALE 70); .NET hands it on in HResult.
    private const int Enoent = 2;
    private const int Eio = 5;
    private const int Eagain = 11;
    private const int Eacces = 13;
    private const int Efbig = 27;
    private const int Enospc = 28;
    private const int Erofs = 30;
    private const int Enametoolong = 36;
    private const int Estale = 116;
    private const int Edquot = 122;
    private const int LargestErrno = 4095;

    // Windows's own numbers, which .NET also takes for what has an exception of its own.
    private const int WindowsSharing = unchecked((int)0x80070020);
    private const int WindowsDiskFull = unchecked((int)0x80070070);

    /// <summary>The disk, or what of it this user may fill, is full.</summary>
    public static bool IsDiskFull(Exception failure) =>
        failure is { HResult: Enospc or Edquot or WindowsDiskFull } or SqliteException { SqliteErrorCode: raw.SQLITE_FULL };

    /// <summary>
    /// The system refused something about a file. A file that is longer than the file system or <c>ulimit -f</c> allows (EFBIG), .NET tells
    /// as an argument out of range.
    /// </summary>
    public static bool IsOfFiles(Exception failure) => failure is IOException or UnauthorizedAccessException || IsTooLarge(failure);

    /// <summary>The file system, or <c>ulimit -f</c>, has no room for so long a file, though the disk has.</summary>
    public static bool IsTooLarge(Exception failure) =>
        failure.HResult == Efbig
        || (failure is ArgumentOutOfRangeException && failure.Message.StartsWith("Specified file length", StringComparison.Ordinal));

    /// <inheritdoc cref="SystemWords"/>
    public static string Of(Exception failure)
    {
        for (var cause = failure; cause is not null; cause = cause.InnerException)
        {
            switch (cause)
            {
                case SocketException socket:
                    return OfSocket(socket);
                case Win32Exception program:
                    return OfNumber(program.NativeErrorCode);
                case SqliteException { SqliteErrorCode: raw.SQLITE_FULL }:
                    return OfNumber(Enospc);
                case var _ when IsTooLarge(cause):
                    return OfNumber(Efbig);
                case TimeoutException:
                    return "no answer in time";
                case HttpRequestException or DbException when cause.InnerException is not null:
                case AuthenticationException when cause.Message.Contains("inner exception", StringComparison.Ordinal):
                    continue;
                case UnauthorizedAccessException:
                    return OfNumber(cause.InnerException?.HResult ?? Eacces);
                case FileNotFoundException or DirectoryNotFoundException:
                    return IsTheSystems(cause) ? OfNumber(Enoent) : Tidy(cause.Message);
                case PathTooLongException:
                    return OfNumber(Enametoolong);
                case EndOfStreamException or HttpIOException { HttpRequestError: HttpRequestError.ResponseEnded }:
                    return "it ends too early";
                case IOException when cause.HResult is (> 0 and <= LargestErrno) or WindowsDiskFull or WindowsSharing:
                    return OfNumber(cause.HResult);
                case IOException when cause.InnerException is not null:
                    continue;
                default:
                    return Tidy(cause.Message);
            }
        }

        return Tidy(failure.Message);
    }

    /// <summary>The same with the path before it, where the failure names one.</summary>
    public static string WithPath(Exception failure) =>
        IsTheSystems(failure) && QuotedPath().Match(failure.Message) is { Success: true } quoted
            ? $"{HeldFolder.InWords(quoted.Groups["path"].Value)}: {Of(failure)}"
            : Of(failure);

    private static string OfNumber(int number) => number switch
    {
        Enospc or WindowsDiskFull => "the disk is full",
        Efbig => "the file is longer than the file system or the limit of the process (ulimit -f) allows",
        Edquot => "the disk quota is used up",
        Erofs => "the file system is read-only",
        Eio => "the disk reports an input/output error",
        Estale => "the network share has gone away and come back (stale file handle)",
        Enoent => "no such file or directory",
        Eacces => "permission denied",
        Eagain or WindowsSharing => "another program has it open",
        Enametoolong => "the name is too long for the file system",
        > 0 and <= LargestErrno => LowerFirst(Marshal.GetPInvokeErrorMessage(number)),
        _ => "the system refuses",
    };

    // By its number: what .NET says of it may end in the address, which the sentence has.
    private static string OfSocket(SocketException socket) => socket.SocketErrorCode switch
    {
        SocketError.ConnectionRefused => "nothing listens there",
        SocketError.HostNotFound or SocketError.TryAgain or SocketError.NoData => "the host name is not known on this machine",
        var code => LowerFirst(new SocketException((int)code).Message.TrimEnd('.')),
    };

    // It quotes the path; what this program throws itself does not, and is a sentence for people already.
    private static bool IsTheSystems(Exception failure) =>
        failure is UnauthorizedAccessException or FileNotFoundException or DirectoryNotFoundException or PathTooLongException
            or IOException { HResult: (> 0 and <= LargestErrno) or WindowsDiskFull or WindowsSharing }
        && failure is not StrangeEntryException && QuotedPath().IsMatch(failure.Message);

    private static string Tidy(string message)
    {
        if (SqliteWords().Match(message) is { Success: true } sqlite)
        {
            return sqlite.Groups["words"].Value;
        }

        var text = ParameterName().Replace(message, "");
        text = JsonPlace().Replace(
            text,
            place => string.Create(
                System.Globalization.CultureInfo.InvariantCulture, $" (line {long.Parse(place.Groups["line"].ValueSpan) + 1})"));
        return HeldFolder.InWords(LowerFirst(text.ReplaceLineEndings(" ").TrimEnd('.', ' ')));
    }

    // A word in capitals, such as TLS, stays as it is.
    private static string LowerFirst(string text) =>
        text is [var first, var second, ..] && char.IsUpper(first) && !char.IsUpper(second)
            ? char.ToLowerInvariant(first) + text[1..]
            : text;

    [GeneratedRegex("'(?<path>.+)'", RegexOptions.Singleline)]
    private static partial Regex QuotedPath();

    [GeneratedRegex(@" \(Parameter '[^']*'\)")]
    private static partial Regex ParameterName();

    [GeneratedRegex(@"\.?( Path: [^|]*\|)? LineNumber: (?<line>\d+) \| BytePositionInLine: \d+\.?")]
    private static partial Regex JsonPlace();

    [GeneratedRegex("^SQLite Error [0-9]+: '(?<words>.*)'\\.?$", RegexOptions.Singleline)]
    private static partial Regex SqliteWords();
}
