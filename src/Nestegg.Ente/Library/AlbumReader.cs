using System.Data.Common;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Nestegg.Ente.Accounts;
using Nestegg.Ente.Cryptography;
using Nestegg.Ente.Database;
using Nestegg.Ente.Json;

namespace Nestegg.Ente.Library;

/// <summary>Reads and opens albums.</summary>
internal sealed class AlbumReader(EnteRows rows)
{
    private const string Columns = """
        c.collection_id, c.owner_id, c.encrypted_key, c.key_decryption_nonce, c.name, c.type, CAST(c.attributes AS text), c.updation_time,
        COALESCE(c.is_deleted, false), c.encrypted_name, c.name_decryption_nonce, CAST(c.magic_metadata AS text), CAST(c.pub_magic_metadata AS text), CAST(c.app AS text)
        """;

    /// <inheritdoc cref="LibraryReader.AlbumsAsync"/>
    internal async Task<KeyedList<Album>> ReadAsync(long userId, KeyChain keys, CancellationToken cancellationToken)
    {
        var albums = await KeyedList<Album>.CollectAsync(OpenAllAsync(userId, keys, cancellationToken), cancellationToken);
        albums.Sort((a, b) => a.Id.CompareTo(b.Id));
        return albums;
    }

    private async IAsyncEnumerable<Album> OpenAllAsync(
        long userId, KeyChain keys, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var row in rows.ReadAsync($"SELECT {Columns} FROM collections c WHERE c.owner_id = {userId}", cancellationToken))
        {
            SecretKey? key = null;
            WrappedKey.Read(row.Text(2), row.Text(3))?.TryOpen(keys.MasterKey, out key);
            yield return Open(row, key, isShared: false);
        }

        var shared = $"""
            SELECT {Columns}, s.encrypted_key, CAST(s.role_type AS text), CAST(s.magic_metadata AS text)
            FROM collection_shares s JOIN collections c ON c.collection_id = s.collection_id
            WHERE s.to_user_id = {userId} AND c.owner_id <> {userId} AND NOT COALESCE(s.is_deleted, false) AND NOT COALESCE(c.is_deleted, false)
            """;
        await foreach (var row in rows.ReadAsync(shared, cancellationToken))
        {
            SecretKey? key = null;
            _ = StandardBase64.TryDecode(row.Text(14), out var sealedKey) && keys.TryOpenSealedKey(sealedKey, out key);
            yield return Open(row, key, isShared: true);
        }
    }

    private static Album Open(DbDataReader row, SecretKey? key, bool isShared)
    {
        try
        {
            return new AlbumRow(row, key, isShared).Open();
        }
        catch
        {
            key?.Dispose();
            throw;
        }
    }

    /// <summary>A row on its way to becoming an album. A shared one has three columns more.</summary>
    private sealed class AlbumRow(DbDataReader row, SecretKey? key, bool isShared)
    {
        private readonly List<LibraryProblem> problems = [];

        internal Album Open()
        {
            if (key is null)
            {
                problems.Add(new LibraryProblem("album-key-wrong", "the album's key does not open", IsFatal: true));
            }

            var name = Name();
            var ownerJson = Metadata(row.Text(11), "owner's");
            var publicJson = Metadata(row.Text(12), "public");
            var shareeJson = Metadata(isShared ? row.Text(16) : null, "sharee's");
            return new Album
            {
                Id = row.GetInt64(0),
                OwnerId = row.GetInt64(1),
                IsShared = isShared,
                Role = isShared ? row.Text(15) ?? "VIEWER" : "OWNER",
                IsDeleted = row.GetBoolean(8),
                App = row.Text(13) ?? "photos",
                Type = row.Text(5) ?? "",
                Name = name,
                Key = key,
                Visibility = (Visibility)SmallNumber(ownerJson, "visibility"),
                ShareeVisibility = (Visibility)SmallNumber(shareeJson, "visibility"),
                SubType = SmallNumber(ownerJson, "subType"),
                Order = SmallNumber(isShared ? shareeJson : ownerJson, "order"),
                DevicePath = DevicePath(),
                UpdatedAt = row.Integer(7) ?? 0,
                PublicJson = publicJson,
                Problems = problems,
            };
        }

        // Very old albums have their name in the clear.
        private string Name()
        {
            if (key is null || string.IsNullOrEmpty(row.Text(9)))
            {
                return row.Text(4) ?? "";
            }

            if (SealedText.TryOpen(row.Text(9), row.Text(10), key, out var name))
            {
                return name;
            }

            problems.Add(new LibraryProblem("album-name-damaged", "the album's name does not open"));
            return row.Text(4) ?? "";
        }

        private JsonElement Metadata(string? column, string whose)
        {
            var json = default(JsonElement);
            if (key is not null && !MagicMetadata.TryOpen(column, key, out json))
            {
                problems.Add(new LibraryProblem("album-metadata-damaged", $"the album's {whose} metadata does not open"));
            }

            return json;
        }

        private string? DevicePath()
        {
            if (key is null || !LenientJson.TryParse(row.Text(6), out var json) || string.IsNullOrEmpty(json.Text("encryptedPath")))
            {
                return null;
            }

            if (SealedText.TryOpen(json.Text("encryptedPath"), json.Text("pathDecryptionNonce"), key, out var path))
            {
                return path;
            }

            problems.Add(new LibraryProblem("album-path-damaged", "the path of the folder that the album was made from does not open"));
            return null;
        }

        private static int SmallNumber(JsonElement json, string name) =>
            json.Integer(name) is >= 0 and <= int.MaxValue and var number ? (int)number : 0;
    }
}
