using System.Data.Common;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Nestegg.Ente.Accounts;

namespace Nestegg.TestKit.Museum;

/// <summary>What museum answers from its tables. SQL that SQLite and PostgreSQL both understand; one query at a time.</summary>
internal sealed class MuseumTables(DbConnection database, Func<int> pageSize) : IDisposable
{
    private const string AlbumColumns = """
        c.collection_id, c.owner_id, c.encrypted_key, c.key_decryption_nonce, c.name, c.encrypted_name, c.name_decryption_nonce, c.type, CAST(c.attributes AS text),
        c.updation_time, c.is_deleted, CAST(c.magic_metadata AS text), CAST(c.pub_magic_metadata AS text), CAST(c.app AS text)
        """;

    private const string FileColumns = """
        f.file_id, f.owner_id, cf.collection_id, cf.c_owner_id, cf.encrypted_key, cf.key_decryption_nonce, f.file_decryption_header, f.thumbnail_decryption_header,
        f.encrypted_metadata, f.metadata_decryption_header, cf.is_deleted, cf.updation_time, CAST(f.magic_metadata AS text), CAST(f.pub_magic_metadata AS text), CAST(f.info AS text)
        """;

    private readonly SemaphoreSlim oneAtATime = new(1);

    public void Dispose() => oneAtATime.Dispose();

    internal async Task<JsonObject?> KeyAttributesAsync(long userId, CancellationToken cancellationToken)
    {
        string[] names =
        [
            "kekSalt",
            "encryptedKey", "keyDecryptionNonce", "publicKey", "encryptedSecretKey", "secretKeyDecryptionNonce", "memLimit", "opsLimit",
            "masterKeyEncryptedWithRecoveryKey",
            "masterKeyDecryptionNonce", "recoveryKeyEncryptedWithMasterKey", "recoveryKeyDecryptionNonce",
        ];
        var rows = await RowsAsync($"""
            SELECT kek_salt, encrypted_key, key_decryption_nonce, public_key, encrypted_secret_key, secret_key_decryption_nonce, mem_limit, ops_limit,
                master_key_encrypted_with_recovery_key, master_key_decryption_nonce, recovery_key_encrypted_with_master_key, recovery_key_decryption_nonce
            FROM key_attributes WHERE user_id = {userId}
            """, cancellationToken);
        if (rows.Count == 0)
        {
            return null;
        }

        var keys = new JsonObject { ["kekHash"] = "" };
        for (var i = 0; i < names.Length; i++)
        {
            keys[names[i]] = Value(rows[0][i]);
        }

        return keys;
    }

    internal async Task<(string SrpUserId, SrpRecord Record)?> SrpAsync(long userId, CancellationToken cancellationToken)
    {
        var rows =
            await RowsAsync($"SELECT CAST(srp_user_id AS text), salt, verifier FROM srp_auth WHERE user_id = {userId}", cancellationToken);
        return rows.Count == 0 ? null : ((string)rows[0][0]!, new SrpRecord((string)rows[0][0]!, Bytes(rows[0][1]), Bytes(rows[0][2])));
    }

    internal async Task<string?> ObjectKeyAsync(MuseumSessionRow session, long fileId, string type, CancellationToken cancellationToken)
    {
        // Whoever owns the file, or sees an album that it is in.
        var rows = await RowsAsync($"""
            SELECT o.object_key FROM object_keys o JOIN files f ON f.file_id = o.file_id
            WHERE o.file_id = {fileId} AND CAST(o.o_type AS text) = '{type}' AND NOT o.is_deleted AND (f.owner_id = {session.UserId} OR EXISTS (
                SELECT 1 FROM collection_files cf JOIN collections c ON c.collection_id = cf.collection_id
                LEFT JOIN collection_shares s ON s.collection_id = c.collection_id AND s.to_user_id = {session.UserId} AND NOT s.is_deleted
                WHERE cf.file_id = {fileId} AND NOT cf.is_deleted AND (c.owner_id = {session.UserId} OR s.to_user_id IS NOT NULL)))
            """, cancellationToken);
        return rows.Count == 0 ? null : (string?)rows[0][0];
    }

    internal async Task<(int Status, JsonNode? Body)> AnswerAsync(
        MuseumSessionRow session, string path, IQueryCollection query, CancellationToken cancellationToken)
    {
        var since = long.TryParse(query["sinceTime"], out var time) ? time : 0;
        return path switch
        {
            "/collections/v2" =>
                (200, new JsonObject { ["collections"] = await AlbumsAsync(session, "c.app IS NOT NULL", cancellationToken) }),
            "/collections/v2/diff" => await FilesAsync(session, query["collectionID"].ToString(), since, cancellationToken),
            "/trash/v2/diff" => (200, await TrashAsync(session, since, cancellationToken)),
            "/user-entity/key" =>
                await KeyAsync(
                    $"SELECT encrypted_key, header FROM entity_key WHERE user_id = {session.UserId} AND type = '{Word(query["type"])}'",
                    cancellationToken),
            "/user-entity/entity/diff" =>
                (200, new JsonObject
                {
                    ["diff"] = await EntitiesAsync(
                        $"entity_data WHERE user_id = {session.UserId} AND type = '{Word(query["type"])}' AND updated_at > {since}",
                        cancellationToken),
                }),
            "/authenticator/key" =>
                await KeyAsync($"SELECT encrypted_key, header FROM authenticator_key WHERE user_id = {session.UserId}", cancellationToken),
            "/authenticator/entity/diff" => (200, new JsonObject
            {
                ["diff"] = await EntitiesAsync(
                $"authenticator_entity WHERE user_id = {session.UserId} AND updated_at > {since}", cancellationToken), ["timestamp"] = 0
            }),
            "/contacts/diff" => (200, new JsonObject { ["diff"] = new JsonArray() }),
            _ when path.StartsWith("/collections/", StringComparison.Ordinal)
                && long.TryParse(path.AsSpan("/collections/".Length), out var id) => await AlbumAsync(session, id, cancellationToken),
            _ => (404, null),
        };
    }

    private async Task<(int, JsonNode?)> AlbumAsync(MuseumSessionRow session, long id, CancellationToken cancellationToken)
    {
        var albums = await AlbumsAsync(session, $"c.collection_id = {id}", cancellationToken);
        return albums.Count == 0 ? (404, new JsonObject()) : (200, new JsonObject { ["collection"] = albums[0]!.DeepClone() });
    }

    private async Task<JsonArray> AlbumsAsync(MuseumSessionRow session, string where, CancellationToken cancellationToken)
    {
        var albums = new JsonArray();
        foreach (var row in await RowsAsync($"""
            SELECT {AlbumColumns}, s.encrypted_key, CAST(s.role_type AS text), CAST(s.magic_metadata AS text) FROM collections c
            LEFT JOIN collection_shares s ON s.collection_id = c.collection_id AND s.to_user_id = {session.UserId} AND NOT s.is_deleted
            WHERE ({where}) AND CAST(c.app AS text) = '{session.App}' AND (c.owner_id = {session.UserId} OR s.to_user_id IS NOT NULL)
            """, cancellationToken))
        {
            var isMine = Number(row[1]) == session.UserId;
            var album = new JsonObject
            {
                ["id"] = Value(row[0]), ["owner"] = new JsonObject
                {
                    ["id"] = Value(row[1]), ["email"] = isMine
                    ? ""
                    : "owner@nestegg.example", ["name"] = "", ["role"] = isMine ? "" : "OWNER"
                },
                ["encryptedKey"] = Value(isMine ? row[2] : row[14]), ["name"] = Value(row[4]) ?? JsonValue.Create(""),
                ["encryptedName"] = Value(row[5]), ["nameDecryptionNonce"] = Value(row[6]),
                ["type"] = Value(row[7]), ["attributes"] = Json(row[8]),
                ["sharees"] = new JsonArray(), ["publicURLs"] = new JsonArray(), ["updationTime"] = Value(row[9]), ["app"] = Value(row[13]),
            };
            if (isMine)
            {
                album["keyDecryptionNonce"] = Value(row[3]);
            }

            if (Truth(row[10]))
            {
                album["isDeleted"] = true;
            }

            if (isMine && row[11] is not null)
            {
                album["magicMetadata"] = Json(row[11]);
            }

            if (row[12] is not null)
            {
                album["pubMagicMetadata"] = Json(row[12]);
            }

            if (row[16] is not null)
            {
                album["sharedMagicMetadata"] = Json(row[16]);
            }

            albums.Add(album);
        }

        return albums;
    }

    private async Task<(int, JsonNode?)> FilesAsync(
        MuseumSessionRow session, string collection, long since, CancellationToken cancellationToken)
    {
        if (!long.TryParse(collection, out var id)
            || await AlbumsAsync(session, $"c.collection_id = {id}", cancellationToken) is not [{ } album])
        {
            return (404, new JsonObject());
        }

        if ((bool?)album["isDeleted"] == true)
        {
            return (404, new JsonObject { ["code"] = "COLLECTION_DELETED" });
        }

        var rows = await RowsAsync(
            $"SELECT {FileColumns} FROM collection_files cf JOIN files f ON f.file_id = cf.file_id WHERE cf.collection_id = "
            + $"{id} AND cf.updation_time > {since} ORDER BY cf.updation_time",
            cancellationToken);

        // Entries of one time are never split between pages.
        var count = Math.Min(pageSize(), rows.Count);
        while (count < rows.Count && Number(rows[count][11]) == Number(rows[count - 1][11]))
        {
            count++;
        }

        return (200, new JsonObject
        {
            ["diff"] = new JsonArray([.. rows.Take(count).Select(row => File(session, row))]),
            ["hasMore"] = count < rows.Count,
        });
    }

    private async Task<JsonObject> TrashAsync(MuseumSessionRow session, long since, CancellationToken cancellationToken)
    {
        var rows = await RowsAsync($"""
            SELECT {FileColumns}, t.is_deleted, t.is_restored, t.delete_by, t.created_at, t.updated_at FROM trash t
            JOIN files f ON f.file_id = t.file_id JOIN collection_files cf ON cf.file_id = t.file_id AND cf.collection_id = t.collection_id
            WHERE t.user_id = {session.UserId} AND t.updated_at > {since} ORDER BY t.updated_at
            """, cancellationToken);
        var diff = rows.Select(row => (JsonNode)new JsonObject
        {
            ["file"] = File(session, row), ["isDeleted"] = Truth(row[15]),
            ["isRestored"] = Truth(row[16]), ["deleteBy"] = Value(row[17]), ["createdAt"] = Value(row[18]), ["updatedAt"] = Value(row[19]),
        });
        return new JsonObject { ["diff"] = new JsonArray([.. diff]), ["hasMore"] = false };
    }

    private static JsonObject File(MuseumSessionRow session, object?[] row)
    {
        var file = new JsonObject
        {
            ["id"] = Value(row[0]), ["ownerID"] = Value(row[1]), ["collectionID"] = Value(row[2]), ["collectionOwnerID"] = Value(row[3]),
            ["encryptedKey"] = Value(row[4]), ["keyDecryptionNonce"] = Value(row[5]),
            ["file"] = new JsonObject { ["decryptionHeader"] = Value(row[6]), ["size"] = 0 },
            ["thumbnail"] = new JsonObject { ["decryptionHeader"] = Value(row[7]), ["size"] = 0 },
            ["metadata"] = new JsonObject { ["encryptedData"] = Value(row[8]), ["decryptionHeader"] = Value(row[9]), ["size"] = 0 },
            ["isDeleted"] = Truth(row[10]), ["updationTime"] = Value(row[11]),
        };
        if (row[12] is not null && Number(row[1]) == session.UserId)
        {
            file["magicMetadata"] = Json(row[12]);
        }

        if (row[13] is not null)
        {
            file["pubMagicMetadata"] = Json(row[13]);
        }

        if (row[14] is not null)
        {
            file["info"] = Json(row[14]);
        }

        return file;
    }

    private async Task<(int, JsonNode?)> KeyAsync(string sql, CancellationToken cancellationToken)
    {
        var rows = await RowsAsync(sql, cancellationToken);
        return rows.Count == 0
            ? (404, new JsonObject())
            : (200, new JsonObject { ["encryptedKey"] = Value(rows[0][0]), ["header"] = Value(rows[0][1]) });
    }

    private async Task<JsonArray> EntitiesAsync(string fromWhere, CancellationToken cancellationToken)
    {
        var rows = await RowsAsync(
            $"SELECT CAST(id AS text), encrypted_data, header, is_deleted, created_at, updated_at FROM {fromWhere} ORDER BY updated_at "
            + $"LIMIT {pageSize()}",
            cancellationToken);
        return new JsonArray([.. rows.Select(row => (JsonNode)new JsonObject
        {
            ["id"] = Value(row[0]), ["encryptedData"] = Value(row[1]),
            ["header"] = Value(row[2]), ["isDeleted"] = Truth(row[3]), ["createdAt"] = Value(row[4]), ["updatedAt"] = Value(row[5]),
        })]);
    }

    private async Task<List<object?[]>> RowsAsync(string sql, CancellationToken cancellationToken)
    {
        await oneAtATime.WaitAsync(cancellationToken);
        try
        {
            await using var command = database.CreateCommand();
            command.CommandText = sql;
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            var rows = new List<object?[]>();
            while (await reader.ReadAsync(cancellationToken))
            {
                var row = new object[reader.FieldCount];
                reader.GetValues(row);
                rows.Add([.. row.Select(value => value is DBNull ? null : value)]);
            }

            return rows;
        }
        finally
        {
            oneAtATime.Release();
        }
    }

    private static string Word(string? text) => new([.. (text ?? "").Where(letter => char.IsAsciiLetterOrDigit(letter) || letter == '_')]);

    private static JsonValue? Value(object? value) =>
        value switch { null => null, string text => JsonValue.Create(text), _ => JsonValue.Create(Number(value)) };

    private static JsonNode? Json(object? value) => value is string text ? JsonNode.Parse(text) : null;

    private static long Number(object? value) => Convert.ToInt64(value);

    private static bool Truth(object? value) => value is not null && Convert.ToBoolean(value);

    private static byte[] Bytes(object? value) => Convert.FromBase64String((string)value!);
}
