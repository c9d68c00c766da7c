using Nestegg.Instance.Programs;

namespace Nestegg.Instance.Preflights;

/// <summary>Whether PostgreSQL's programs are there and fit this server.</summary>
internal static class PreflightPrograms
{
    /// <param name="serverMajorVersion"><see langword="null"/> when the server did not answer: any is taken then.</param>
    public static async Task<Finding> LookAsync(EnteInstance instance, int? serverMajorVersion, CancellationToken cancellationToken)
    {
        const string name = "pg_dump";
        var program = await instance.TryFindProgramAsync(name, serverMajorVersion, cancellationToken);
        var configured = instance.Settings.Postgres.PgDump;
        if (program is null)
        {
            var message = configured.Count > 0 ? $"`{string.Join(' ', configured)} --version` does not work" : "it is not on this machine";
            return new Finding("pg-dump-missing", Severity.Error, name, message, PostgresProgram.MissingHint(name));
        }

        return program.MajorVersion < serverMajorVersion
            ? new Finding(
                "pg-dump-older", Severity.Error, name,
                $"{program} is older than the server, which is PostgreSQL {serverMajorVersion}: it refuses to dump it",
                PostgresProgram.MissingHint(name))
            : new Finding("pg-dump-ok", Severity.Ok, name, $"{program}");
    }

    /// <summary>What a restore to this server would use; backups do not need it.</summary>
    /// <inheritdoc cref="LookAsync"/>
    public static async Task<Finding> LookForRestoreAsync(
        EnteInstance instance, int? serverMajorVersion, CancellationToken cancellationToken)
    {
        const string name = "pg_restore";
        var program = await instance.TryFindProgramAsync(name, serverMajorVersion, cancellationToken);
        return program is null
            ? new Finding(
                "pg-restore-missing", Severity.Note, name, "none that works is on this machine or in a container of the server",
                $"backups do not need it, a restore does. {PostgresProgram.MissingHint(name)}")
            : program.MajorVersion < serverMajorVersion
            ? new Finding(
                "pg-restore-older", Severity.Note, name,
                $"{program} is older than the server, which is PostgreSQL {serverMajorVersion}, and than the dumps of it",
                $"backups do not need it, a restore does. {PostgresProgram.MissingHint(name)}")
            : new Finding("pg-restore-ok", Severity.Ok, name, $"{program}");
    }
}
