using System.Data.Common;
using System.Text;
using System.Text.Json;
using Nestegg.Ente.Accounts;
using Nestegg.Ente.Cryptography;
using Nestegg.Ente.Database;
using Nestegg.Ente.Json;

namespace Nestegg.Ente.Library;

public sealed partial class LibraryReader
{
    private const string AlbumColumns = """
        c.collection_id, c.owner_id, c.encrypted_key, c.key_decryption_nonce, c.name, c.type, CAST(c.attributes AS text), c.updation_time,
        COALESCE(c.is_deleted, false), c.encrypted_name, c.name_decryption_nonce, CAST(c.magic_metadata AS text), CAST(c.pub_magic_metadata AS text), CAST(c.app AS text)
        """;

    /// <summary>
    /// The albums that a person owns, the deleted ones among them, and those that others share with them, by id. All are held in
    /// memory: about 1 KB an album, of which a person has tens to thousands. The caller disposes them.
    /// </summary>
    public async Task<IReadOnlyList<Album>> AlbumsAsync(long userId, KeyChain keys, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(keys);
        var albums = new List<Album>();
        await foreach (var row in RowsAsync($"SELECT {AlbumColumns} FROM collections c WHERE c.owner_id = {userId}", cancellationToken))
        {
            SecretKey? key = null;
            WrappedKey.Read(row.Text(2), row.Text(3))?.TryOpen(keys.MasterKey, out key);
            albums.Add(Open(row, key, isShared: false, "OWNER", null));
        }

        var shared = $"""
            SELECT {AlbumColumns}, s.encrypted_key, CAST(s.role_type AS text), CAST(s.magic_metadata AS text)
            FROM collection_shares s JOIN collections c ON c.collection_id = s.collection_id
            WHERE s.to_user_id = {userId} AND c.owner_id <> {userId} AND NOT COALESCE(s.is_deleted, false) AND NOT COALESCE(c.is_deleted, false)
            """;
        await foreach (var row in RowsAsync(shared, cancellationToken))
        {
            SecretKey? key = null;
            _ = StandardBase64.TryDecode(row.Text(14), out var sealedKey) && keys.TryOpenSealedKey(sealedKey, out key);
            albums.Add(Open(row, key, isShared: true, row.Text(15) ?? "VIEWER", row.Text(16)));
        }

        albums.Sort((a, b) => a.Id.CompareTo(b.Id));
        return albums;
    }

    private static Album Open(DbDataReader row, SecretKey? key, bool isShared, string role, string? shareeMetadata)
    {
        var problems = new List<LibraryProblem>();
        var name = row.Text(4) ?? "";
        var (ownerJson, publicJson, shareeJson) = (default(JsonElement), default(JsonElement), default(JsonElement));
        string? devicePath = null;
        if (key is null)
        {
            problems.Add(new LibraryProblem("album-key-wrong", "the album's key does not open", IsFatal: true));
        }
        else
        {
            OpenName(row, key, ref name, problems);
            OpenMetadata(row.Text(11), "owner's", out ownerJson);
            OpenMetadata(row.Text(12), "public", out publicJson);
            OpenMetadata(shareeMetadata, "sharee's", out shareeJson);
            devicePath = OpenDevicePath(row.Text(6), key, problems);
        }

        return new Album
        {
            Id = row.GetInt64(0),
            OwnerId = row.GetInt64(1),
            IsShared = isShared,
            Role = role,
            IsDeleted = row.GetBoolean(8),
            App = row.Text(13) ?? "photos",
            Type = row.Text(5) ?? "",
            Name = name,
            Key = key,
            Visibility = (Visibility)SmallNumber(ownerJson, "visibility"),
            ShareeVisibility = (Visibility)SmallNumber(shareeJson, "visibility"),
            SubType = SmallNumber(ownerJson, "subType"),
            Order = SmallNumber(isShared ? shareeJson : ownerJson, "order"),
            DevicePath = devicePath,
            UpdatedAt = row.Integer(7) ?? 0,
            PublicJson = publicJson,
            Problems = problems,
        };

        void OpenMetadata(string? column, string whose, out JsonElement json)
        {
            if (!MagicMetadata.TryOpen(column, key!, out json))
            {
                problems.Add(new LibraryProblem("album-metadata-damaged", $"the album's {whose} metadata does not open"));
            }
        }
    }

    private static void OpenName(DbDataReader row, SecretKey key, ref string name, List<LibraryProblem> problems)
    {
        // Very old albums have their name in the clear.
        if (string.IsNullOrEmpty(row.Text(9)))
        {
            return;
        }

        if (TryOpenText(row.Text(9), row.Text(10), key, out var opened))
        {
            name = opened;
        }
        else
        {
            problems.Add(new LibraryProblem("album-name-damaged", "the album's name does not open"));
        }
    }

    private static string? OpenDevicePath(string? attributes, SecretKey key, List<LibraryProblem> problems)
    {
        if (!LenientJson.TryParse(attributes, out var json) || string.IsNullOrEmpty(json.Text("encryptedPath")))
        {
            return null;
        }

        if (TryOpenText(json.Text("encryptedPath"), json.Text("pathDecryptionNonce"), key, out var path))
        {
            return path;
        }

        problems.Add(new LibraryProblem("album-path-damaged", "the path of the folder that the album was made from does not open"));
        return null;
    }

    private static bool TryOpenText(string? box, string? nonce, SecretKey key, out string text)
    {
        text = "";
        if (!StandardBase64.TryDecode(box, out var boxBytes)
            || !StandardBase64.TryDecode(nonce, out var nonceBytes)
            || !SecretBox.TryOpen(boxBytes, nonceBytes, key, out var plaintext))
        {
            return false;
        }

        text = Encoding.UTF8.GetString(plaintext);
        return true;
    }

    private static int SmallNumber(JsonElement json, string name) => json.Integer(name) is >= 0 and <= int.MaxValue and var number ? (int)number : 0;
}
