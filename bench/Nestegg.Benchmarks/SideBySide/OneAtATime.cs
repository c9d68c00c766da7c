using System.Text;
using Nestegg.Ente.Api;
using Nestegg.Ente.Cryptography;
using Nestegg.Ente.Library;
using Nestegg.TestKit.Sample;

namespace Nestegg.Benchmarks.SideBySide;

/// <summary>
/// Exports an album as the official program does: one file after another, fetched whole into a file, decrypted from that into another; no
/// hash is compared.
/// </summary>
internal static class OneAtATime
{
    public static async Task<int> RunAsync(Uri museum, string email, string passwordFile, string folder)
    {
        var none = CancellationToken.None;
        Directory.CreateDirectory(folder);
        using var client = new MuseumClient(museum, TimeProvider.System);
        var password = Encoding.UTF8.GetBytes((await File.ReadAllTextAsync(passwordFile, none)).TrimEnd('\n'));
        var questions = new SignInQuestions(_ => throw new InvalidOperationException(), _ => throw new InvalidOperationException());
        using var signIn = MuseumSignIn.WithPassword(client, email, password);
        await using var session = await signIn.OpenAsync(EnteApp.Photos, questions, none);
        await using var library = await LiveLibrary.ReadAsync(session, Path.GetTempPath(), none);
        var reader = await LibraryReader.OpenAsync(library.Connection, none);
        var albums = (await reader.AlbumsAsync(session.UserId, session.Keys, none)).Where(album => album.Name == BulkUpload.AlbumName)
            .ToList();
        var fetched = Path.Combine(folder, "fetched");
        await foreach (var file in reader.FilesAsync(session.UserId, albums, none))
        {
            await using (var encrypted = await session.OpenFileAsync(file.Id, none)
                ?? throw new InvalidOperationException($"{file.Id} is not there"))
            await using (var target = File.Create(fetched))
            {
                await encrypted.CopyToAsync(target, none);
            }

            await using var plain = File.Create(Path.Combine(folder, file.Name!));
            await using var source = File.OpenRead(fetched);
            if (await SecretStreamDecryptor.DecryptAsync(
                source, file.Key!, file.ContentHeader, (chunk, token) => plain.WriteAsync(chunk, token), none) is { } defect)
            {
                throw new InvalidOperationException($"{file.Id}: {defect}");
            }
        }

        return 0;
    }
}
