using Nestegg.Instance.Programs;
using Nestegg.Settings;

namespace Nestegg.Tests.Instance;

public sealed class MissingProgramTests
{
    [Theory]
    [InlineData("", false, "it is not on this machine, and no container of the server was found",
        "install PostgreSQL's client programs, of the server's version or newer; or, if the server is in a container, see that it runs and "
        + "that you may ask its engine (docker ps, podman ps), and run the command again: its own are found by themselves")]
    [InlineData("", true, "it is neither on this machine nor in the server's container my-ente-postgres-1",
        "install PostgreSQL's client programs, of the server's version or newer")]
    [InlineData("docker compose exec -T postgres pg_dump", false, "`docker compose exec -T postgres pg_dump --version` does not work",
        "try that command by hand; or install PostgreSQL's client programs, of the server's version or newer, and leave out "
        + "postgresql.pg-dump in nestegg.yaml")]
    [InlineData("docker compose exec -T postgres pg_dump", true, "`docker compose exec -T postgres pg_dump --version` does not work",
        "leave out postgresql.pg-dump in nestegg.yaml: that of the server's container my-ente-postgres-1 is found by itself")]
    public void What_was_looked_at_and_what_to_do_are_said(string command, bool hasContainer, string message, string hint)
    {
        var missing = new MissingProgram("pg_dump", new PostgresProgramSettings
        {
            PgDump = command.Split(' ', StringSplitOptions.RemoveEmptyEntries),
            Container = hasContainer ? new ContainerPrograms(["docker", "exec", "-i", "0123"], "my-ente-postgres-1", 5432) : null,
        });

        Assert.Equal((message, hint), (missing.Message("it"), missing.Hint));
        Assert.Equal(FailureKind.BadInput, missing.AsException().Kind);
    }

    [Fact]
    public void The_option_of_a_restore_is_named_for_its_own_program()
    {
        var missing = new MissingProgram("pg_restore", new PostgresProgramSettings { PgRestore = ["/no/such/program"] });

        Assert.Equal("`/no/such/program --version` does not work", missing.Message("pg_restore"));
        Assert.EndsWith("leave out postgresql.pg-restore in nestegg.yaml and --pg-restore", missing.Hint);
    }
}
