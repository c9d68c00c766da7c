using Nestegg.TestKit;
using Nestegg.TestKit.Instances;

namespace Nestegg.IntegrationTests.Resilience;

/// <summary>A configured <c>pg_dump</c> that does something else than dump, once it has stated its version.</summary>
internal static class PgDumpWrapper
{
    /// <param name="script">
    /// In the language of sh. <c>$PG_DUMP "$@"</c> is the real one; <c>$MARK</c> is a file whose making <see cref="ReachedAsync"/> waits
    /// for, and
    /// <c>$GO</c> one that <see cref="GoOn"/> makes.
    /// </param>
    public static async Task ConfigureAsync(
        RunningInstance instance, string script, CancellationToken cancellationToken, string version = "pg_dump (PostgreSQL) 17.0")
    {
        var path = instance["pg_dump"];
        await File.WriteAllTextAsync(path, $"""
            #!/bin/sh
            PG_DUMP='{ExternalProgram.Find("pg_dump")}'
            MARK='{instance["mark"]}'
            GO='{instance["go"]}'
            if [ "$1" = --version ]; then echo '{version}'; exit 0; fi
            {script}

            """, cancellationToken);
        await ExternalProgram.RunAsync("chmod", ["700", path], cancellationToken);
        await RemoveAsync(instance, cancellationToken);
        await File.AppendAllTextAsync(instance.ConfigurationPath, $"postgresql:\n  pg-dump: [{path}]\n", cancellationToken);
    }

    /// <summary>The real one again.</summary>
    public static async Task RemoveAsync(RunningInstance instance, CancellationToken cancellationToken)
    {
        var text = await File.ReadAllTextAsync(instance.ConfigurationPath, cancellationToken);
        var begin = text.IndexOf("postgresql:\n", StringComparison.Ordinal);
        if (begin >= 0)
        {
            await File.WriteAllTextAsync(instance.ConfigurationPath, text[..begin], cancellationToken);
        }

        File.Delete(instance["mark"]);
        File.Delete(instance["go"]);
    }

    public static async Task ReachedAsync(RunningInstance instance, CancellationToken cancellationToken)
    {
        while (!File.Exists(instance["mark"]))
        {
            await Task.Delay(20, cancellationToken);
        }
    }

    public static void GoOn(RunningInstance instance) => File.WriteAllText(instance["go"], "");
}
