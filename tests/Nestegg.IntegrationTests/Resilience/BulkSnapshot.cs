using Nestegg.TestKit;
using Nestegg.TestKit.Sample;
using Nestegg.TestKit.Servers;

namespace Nestegg.IntegrationTests.Resilience;

/// <summary>A repository with a snapshot in which Ada has an album of many files, or of long ones.</summary>
internal static class BulkSnapshot
{
    /// <summary>
    /// Makes an instance, and backs it up: <c>repository</c>, <c>identity</c> and <c>password</c> are in the folder then.
    /// </summary>
    /// <returns>Whose it is, with an address for <c>--user</c>.</returns>
    public static async Task<SamplePerson> CreateAsync(
        PostgresServer postgres, TemporaryFolder folder, int files, Func<int, long> lengthBytes, CancellationToken cancellationToken)
    {
        await using var store = await EmbeddedStore.StartAsync(cancellationToken);
        var name = "bulk_" + Guid.NewGuid().ToString("n");
        await using var sample = await SampleInstance.CreateAsync(
            new SampleOptions
            {
                Folder = folder["my-ente"],
                ServerConnectionString = postgres.ConnectionString("postgres"), DatabaseName = name, DatabaseUser = name + "_user",
                ObjectStore = store.Endpoint,
                AccessKey = EmbeddedStore.AccessKey, SecretKey = EmbeddedStore.SecretKey, UsesComposeNames = false,
            },
            cancellationToken);
        await BulkUpload.IntoEmbeddedStoreAsync(sample, store.Folder, files, lengthBytes, cancellationToken);
        await File.WriteAllTextAsync(folder["password"], sample.Ada.Password, cancellationToken);
        await CliProcess.ExpectAsync(
            ExitCode.Done, cancellationToken, "init", "--instance", folder["my-ente"], "--repository", folder["repository"],
            "--new-identity", folder["identity"], "--identity-beside-repository", "--config", folder["nestegg.yaml"]);
        await CliProcess.ExpectAsync(ExitCode.Done, cancellationToken, "backup", "--quiet", "--config", folder["nestegg.yaml"]);
        return sample.Ada;
    }

    /// <summary>The arguments that export the album from it.</summary>
    public static string[] ExportArguments(SamplePerson person, TemporaryFolder folder, string to) =>
    [
        "export", "--repository",
        folder["repository"], "--identity", folder["identity"], "--user", person.Email, "--password-file", folder["password"],
        "--album", BulkUpload.AlbumName, "--to", folder[to], "--quiet",
    ];
}
