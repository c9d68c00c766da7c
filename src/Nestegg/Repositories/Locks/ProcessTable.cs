using System.Diagnostics;
using Nestegg.Ente;

namespace Nestegg.Repositories.Locks;

/// <summary>
/// Tells whether the process that holds a lock is gone for certain. A number means something only in the table of processes that gave it:
/// one start of one machine, and there one PID namespace, since a container numbers its own processes even where it has the host's name.
/// </summary>
internal static class ProcessTable
{
    private const string BootFile = "/proc/sys/kernel/random/boot_id";
    private const string NamespaceLink = "/proc/self/ns/pid";

    // Start times are computed from a clock that may be set meanwhile; a heartbeat is never this far from the truth.
    private static readonly TimeSpan Slack = TimeSpan.FromMinutes(1);

    /// <summary>The table of this process; <see langword="null"/> where the system cannot tell, as on Windows and macOS.</summary>
    public static string? Here { get; } = Read();

    /// <summary>Nobody has the number any more, or somebody who began after the last heartbeat. When in doubt, the answer is no.</summary>
    public static bool IsGone(LockFile holder)
    {
        if (Here is null || holder.ProcessTable != Here)
        {
            return false;
        }

        try
        {
            using var process = Process.GetProcessById(holder.Process);
            return process.StartTime.ToUniversalTime() - Slack > holder.HeartbeatAt.UtcDateTime;
        }
        catch (Exception absent) when (absent is ArgumentException or InvalidOperationException)
        {
            return true;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }

    private static string? Read()
    {
        try
        {
            return OperatingSystem.IsLinux() && new FileInfo(NamespaceLink).LinkTarget is { } pidNamespace
                ? $"{File.ReadAllText(BootFile).Trim()} {pidNamespace}"
                : null;
        }
        catch (Exception hidden) when (SystemWords.IsOfFiles(hidden))
        {
            return null;
        }
    }
}
