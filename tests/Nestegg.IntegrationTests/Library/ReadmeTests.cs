using System.Security.Cryptography;
using System.Text;
using Nestegg.Ente.Accounts;
using Nestegg.Ente.Cryptography;
using Nestegg.Ente.Database;
using Nestegg.Ente.Library;
using Nestegg.TestKit;
using Nestegg.TestKit.Instances;

namespace Nestegg.IntegrationTests.Library;

/// <summary>The lines of the library's README, from a project that sees only what is public.</summary>
public sealed class ReadmeTests(KnownInstances instances) : IDisposable
{
    private readonly TemporaryFolder folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    [Theory]
    [InstanceData]
    public async Task A_stranger_opens_a_person_s_files_with_the_lines_of_the_README(string name)
    {
        var known = (await instances.OpenAsync(name, Token))["t1"];
        var person = known[Role.Sharee];
        foreach (var item in known.Objects)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(folder["bucket"], item.Key))!);
            File.CreateSymbolicLink(Path.Combine(folder["bucket"], item.Key), item.FilePath);
        }

        Directory.CreateDirectory(folder["photos"]);
        await OpenAsync(known.DumpPath, folder["bucket"], folder["photos"], person.UserId, Encoding.UTF8.GetBytes(person.Password), Token);

        var expected = person.Files.Where(file => file.HasContent).ToDictionary(file => file.Id.ToString(), file => file.Sha256);
        Assert.Equal(expected.Keys.Order(), Directory.GetFiles(folder["photos"]).Select(path => Path.GetFileName(path)).Order());
        Assert.All(expected, file =>
            Assert.Equal(
                file.Value, Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(Path.Combine(folder["photos"], file.Key))))));
    }

    [Fact]
    public async Task The_README_shows_the_lines_that_this_class_runs()
    {
        var readme = await File.ReadAllTextAsync(RepositoryRoot.Combine("src", "Nestegg.Ente", "README.md"), Token);
        var source =
            await File.ReadAllTextAsync(RepositoryRoot.Combine("tests", "Nestegg.IntegrationTests", "Library", "ReadmeTests.cs"), Token);
        var shown = readme.Split("```csharp\n")[1].Split("```")[0].Trim().Split('\n').Select(line => line.Trim());
        var run = source.Split("// The lines.\n")[1].Split("// The end.")[0].Trim().Split('\n').Select(line => line.Trim());
        Assert.Equal(shown, run);
    }

    private static async Task OpenAsync(
        string dumpPath, string bucketFolder, string targetFolder, long userId, byte[] password, CancellationToken cancellationToken)
    {
        // The lines.
        await using var dump = File.OpenRead(dumpPath);
        await using var database = await ArchiveDatabase.LoadAsync(dump, cancellationToken);
        var reader = await LibraryReader.OpenAsync(database.Connection, cancellationToken);
        var attributes = await reader.KeyAttributesAsync(userId, cancellationToken) ?? throw new ArgumentException("no such account");
        var opened = KeyChain.OpenWithPassword(attributes, password);
        using var keys = opened.KeyChain ?? throw new ArgumentException(opened.Message);
        using var albums = await reader.AlbumsAsync(userId, keys, cancellationToken);
        await foreach (var file in reader.FilesAsync(userId, albums, cancellationToken))
        {
            using var key = file.Key;
            if (key is null || file.Content is not { } stored)
            {
                continue;
            }

            await using var encrypted = File.OpenRead(Path.Combine(bucketFolder, stored.Key));
            await using var photo = File.Create(Path.Combine(targetFolder, $"{file.Id}"));
            var defect = await SecretStreamDecryptor.DecryptAsync(encrypted, key, file.ContentHeader, photo.WriteAsync, cancellationToken);
            Console.WriteLine($"{file}: {defect?.ToString() ?? "whole"}");
        }
        // The end.
    }
}
