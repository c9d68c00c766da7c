using System.Security.Cryptography;
using Nestegg.Checks;
using Nestegg.Formats.Minisign;
using Nestegg.Instance;
using Nestegg.Repositories;
using Nestegg.Settings;

namespace Nestegg.Opening;

/// <summary>What every job works with. The command line makes one for each command, a daemon one for each run.</summary>
public sealed class JobContext
{
    public required NesteggConfiguration Configuration { get; init; }

    /// <summary>The variables of the process, or what a caller has in their place.</summary>
    public required IReadOnlyDictionary<string, string> Environment { get; init; }

    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Chooses samples and subsets. Keys never come from it.</summary>
    public required Random Random { get; init; }

    /// <summary>Opens the configured repository for as long as the work takes, if it names the signing key that is configured.</summary>
    /// <exception cref="NesteggException">
    /// None is configured, there is none that this version can read, or it is not the one that the signing key belongs to.
    /// </exception>
    internal Task<T> WithRepositoryAsync<T>(Func<Repository, Task<T>> work, CancellationToken cancellationToken) =>
        WithRepositoryAsync((repository, _) => work(repository), cancellationToken);

    /// <summary>The same, with what this machine remembers of it.</summary>
    /// <inheritdoc cref="WithRepositoryAsync{T}(Func{Repository, Task{T}}, CancellationToken)" path="/exception"/>
    internal Task<T> WithRepositoryAsync<T>(Func<Repository, CheckMemory, Task<T>> work, CancellationToken cancellationToken) =>
        JobFailure.GuardAsync(async () =>
        {
            await using var repository =
                await Repository.OpenAsync(Configuration.RequireRepository().OpenStore(create: false, Time), cancellationToken);
            using (var signingKey = TryReadSigningKey())
            {
                if (signingKey is not null)
                {
                    repository.CheckAgainst(signingKey.PublicKey);
                }

                if (MinisignPublicKey.TryParse(Configuration.SigningPublicKey ?? "", out var known))
                {
                    repository.CheckAgainst(known!);
                }
            }

            var memory = await RememberAsync(repository, cancellationToken);
            repository.Remembered = memory.Newest;
            return await work(repository, memory);
        });

    /// <summary>What this machine remembers of a repository.</summary>
    internal Task<CheckMemory> RememberAsync(Repository repository, CancellationToken cancellationToken) =>
        CheckMemory.LoadAsync(CheckMemory.FolderIn(Environment), repository, cancellationToken);

    /// <summary>Opens the configured instance for as long as the work takes.</summary>
    /// <exception cref="NesteggException">Its configuration cannot be used.</exception>
    internal Task<T> WithInstanceAsync<T>(Func<EnteInstance, Task<T>> work, CancellationToken cancellationToken) =>
        JobFailure.GuardAsync(async () =>
        {
            await using var instance = await EnteInstance.OpenAsync(Configuration, Time, cancellationToken);
            return await work(instance);
        });

    /// <summary>
    /// The configured signing key; <see langword="null"/> when none is, or the file is not here, as on a machine that only reads.
    /// </summary>
    /// <exception cref="NesteggException">The file is no key, or cannot be read.</exception>
    internal MinisignSecretKey? TryReadSigningKey()
    {
        if (Configuration.SigningKeyPath is not { } path || NamedFile.TryRead(path, "the signing key") is not { } text)
        {
            return null;
        }

        try
        {
            return MinisignSecretKey.Parse(text, path);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(text);
        }
    }

    /// <summary>The configured signing key, which whatever writes needs.</summary>
    /// <exception cref="NesteggException">None is configured, or the file is not here.</exception>
    internal MinisignSecretKey RequireSigningKey() => TryReadSigningKey()
        ?? throw (Configuration.SigningKeyPath is { } path
            ? new NesteggException(
                FailureKind.BadInput, $"the signing key {path} does not exist",
                "put a copy of it there (it was to be kept where the identity is): without it nothing can be signed. Where it is lost, "
                + "begin a new repository: nestegg init with another --repository and another --config; this one can be restored from as "
                + "before")
            : new NesteggException(
                FailureKind.BadInput, "no signing key is configured",
                "name the file that nestegg init wrote as signing-key in nestegg.yaml"));

    /// <summary>Says so when others on this machine may use the signing key's file, and when what opens the backups lies here.</summary>
    internal void LookAtKeys(RunLog log)
    {
        if (Configuration.IdentityMadeAt is { } identity && File.Exists(identity))
        {
            log.Find(
                "identity-on-server", Severity.Warning, identity,
                "the identity still lies on this machine: whoever breaks into it opens the backups with that file, and if it is lost with the "
                + "machine, nobody does",
                "move it to a password manager or a USB stick, and keep a second copy elsewhere; backups do not need it");
        }

        const UnixFileMode others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;
        if (!OperatingSystem.IsWindows() && Configuration.SigningKeyPath is { } path && File.Exists(path)
            && File.GetUnixFileMode(path) is var mode && (mode & others) != 0)
        {
            log.Find(
                "signing-key-open", Severity.Warning, path,
                $"the signing key {path} has the mode {Convert.ToString((int)mode, 8)}: others on this machine can read or change it, and "
                + "whoever has it signs snapshots as you do",
                $"chmod 600 {path}");
        }
    }
}
