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
        var missing = new MissingProgram(name, instance.Routes.Postgres);
        return program is null
            ? new Finding("pg-dump-missing", Severity.Error, name, missing.Message("it"), missing.Hint)
            : program.MajorVersion < serverMajorVersion
            ? new Finding(
                "pg-dump-older", Severity.Error, name,
                $"{program} is older than the server, which is PostgreSQL {serverMajorVersion}: it refuses to dump it",
                missing.Hint)
            : new Finding("pg-dump-ok", Severity.Ok, name, $"{program}");
    }

    /// <summary>What a restore to this server would use; backups do not need it.</summary>
    /// <inheritdoc cref="LookAsync"/>
    public static async Task<Finding> LookForRestoreAsync(
        EnteInstance instance, int? serverMajorVersion, CancellationToken cancellationToken)
    {
        const string name = "pg_restore";
        var program = await instance.TryFindProgramAsync(name, serverMajorVersion, cancellationToken);
        var missing = new MissingProgram(name, instance.Routes.Postgres);
        var hint = $"backups do not need it, a restore does: {missing.Hint}";
        return program is null
            ? new Finding("pg-restore-missing", Severity.Note, name, missing.Message("it"), hint)
            : program.MajorVersion < serverMajorVersion
            ? new Finding(
                "pg-restore-older", Severity.Note, name,
                $"{program} is older than the server, which is PostgreSQL {serverMajorVersion}, and than the dumps of it",
                hint)
            : new Finding("pg-restore-ok", Severity.Ok, name, $"{program}");
    }
}
