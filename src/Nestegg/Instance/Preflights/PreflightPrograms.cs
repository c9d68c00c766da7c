using Nestegg.Instance.Programs;

namespace Nestegg.Instance.Preflights;

/// <summary>Whether pg_dump is there and can dump this server.</summary>
internal static class PreflightPrograms
{
    /// <param name="serverMajorVersion"><see langword="null"/> when the server did not answer: any is taken then.</param>
    public static async Task<Finding> LookAsync(EnteInstance instance, int? serverMajorVersion, CancellationToken cancellationToken)
    {
        const string name = "pg_dump";
        var program = await PostgresProgram.TryFindAsync(
            name, instance.Routes.Postgres, serverMajorVersion, instance.Folder.Folder, cancellationToken);
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
}
