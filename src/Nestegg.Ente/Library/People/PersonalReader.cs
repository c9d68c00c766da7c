using System.Data.Common;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Nestegg.Ente.Accounts;
using Nestegg.Ente.Cryptography;
using Nestegg.Ente.Database;
using Nestegg.Ente.Json;
using Nestegg.Ente.Objects;

namespace Nestegg.Ente.Library;

/// <summary>Reads what a person keeps beside photos: codes of Ente Auth, what the apps remember, contacts.</summary>
internal sealed class PersonalReader(EnteRows rows)
{
    /// <inheritdoc cref="LibraryReader.AuthCodesAsync"/>
    internal async IAsyncEnumerable<AuthCode> AuthCodesAsync(
        long userId, KeyChain keys, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (!rows.Catalog.HasTable("authenticator_key") || !rows.Catalog.HasTable("authenticator_entity"))
        {
            yield break;
        }

        using var key = await AuthKeyAsync(userId, keys, cancellationToken);
        var codes = $"""
            SELECT CAST(id AS text), encrypted_data, header FROM authenticator_entity
            WHERE user_id = {userId} AND NOT COALESCE(is_deleted, false) ORDER BY created_at, id
            """;
        await foreach (var row in rows.ReadAsync(codes, cancellationToken))
        {
            yield return OpenCode(row, key);
        }
    }

    /// <inheritdoc cref="LibraryReader.EntitiesAsync"/>
    internal async IAsyncEnumerable<UserEntity> EntitiesAsync(
        long userId, KeyChain keys, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (!rows.Catalog.HasTable("entity_key") || !rows.Catalog.HasTable("entity_data"))
        {
            yield break;
        }

        using var byType = await EntityKey.ReadAsync(rows, userId, keys, cancellationToken);
        var entities = $"""
            SELECT CAST(id AS text), type, encrypted_data, header, updated_at FROM entity_data
            WHERE user_id = {userId} AND NOT COALESCE(is_deleted, false) ORDER BY type, created_at, id
            """;
        await foreach (var row in rows.ReadAsync(entities, cancellationToken))
        {
            yield return OpenEntity(row, EntityKey.Of(row.GetString(1), byType));
        }
    }

    /// <inheritdoc cref="LibraryReader.ContactsAsync"/>
    internal async IAsyncEnumerable<Contact> ContactsAsync(
        long userId, KeyChain keys, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (!rows.Catalog.HasTable("contact_entity") || !rows.Catalog.HasTable("entity_key"))
        {
            yield break;
        }

        using var byType = await EntityKey.ReadAsync(rows, userId, keys, cancellationToken);
        var contacts = $"""
            SELECT id, contact_user_id, profile_picture_attachment_id, encrypted_key, encrypted_data FROM contact_entity
            WHERE user_id = {userId} AND NOT is_deleted ORDER BY created_at, id
            """;
        await foreach (var row in rows.ReadAsync(contacts, cancellationToken))
        {
            yield return OpenContact(userId, row, EntityKey.Of("contact", byType));
        }
    }

    private async Task<SecretKey?> AuthKeyAsync(long userId, KeyChain keys, CancellationToken cancellationToken)
    {
        await foreach (var row in rows.ReadAsync(
            $"SELECT encrypted_key, header FROM authenticator_key WHERE user_id = {userId}", cancellationToken))
        {
            return WrappedKey.Read(row.Text(0), row.Text(1)) is { } wrapped && wrapped.TryOpen(keys.MasterKey, out var key) ? key : null;
        }

        return null;
    }

    private static AuthCode OpenCode(DbDataReader row, SecretKey? key)
    {
        var id = row.GetString(0);
        // Entries of before November 2025 may lack the tag FINAL; Ente reads them, and so do we, here and nowhere else.
        if (key is null
            || !StandardBase64.TryDecode(row.Text(1), out var message)
            || !StandardBase64.TryDecode(row.Text(2), out var header)
            || !SecretStream.TryOpen(message, header, key, requireFinal: false, out var plaintext))
        {
            return new AuthCode(id, null, false, new LibraryProblem("auth-code-damaged", "the code does not open", IsFatal: true));
        }

        return LenientJson.TryParse(plaintext, out var json) && json.ValueKind == JsonValueKind.String && json.GetString() is { } uri
            ? new AuthCode(id, uri, AuthCode.IsTrashedIn(uri), null)
            : new AuthCode(
                id, null, false, new LibraryProblem("auth-code-unreadable", "what is in the code's row is not text", IsFatal: true));
    }

    private static UserEntity OpenEntity(DbDataReader row, SecretKey? key)
    {
        var json = default(JsonElement);
        var opened = key is not null
            && StandardBase64.TryDecode(row.Text(2), out var message)
            && StandardBase64.TryDecode(row.Text(3), out var header)
            && SecretStream.TryOpen(message, header, key, requireFinal: true, out var plaintext)
            && Compressed.TryExpand(plaintext, out var expanded)
            && LenientJson.TryParse(expanded, out json);
        return new UserEntity(
            row.GetString(0), row.GetString(1), json, row.Integer(4) ?? 0,
            opened ? null : new LibraryProblem("entity-damaged", $"the entry of type {row.GetString(1)} does not open", IsFatal: true));
    }

    private static Contact OpenContact(long userId, DbDataReader row, SecretKey? rootKey)
    {
        var (id, contactUserId, picture) = (row.GetString(0), row.GetInt64(1), row.Text(2));
        SecretKey? key = null;
        var json = default(JsonElement);
        var wrapped = row.Bytes(3) ?? [];
        var opened = rootKey is not null
            && wrapped.Length > SecretBox.NonceBytes
            && SecretBox.TryOpenKey(wrapped.AsSpan(SecretBox.NonceBytes), wrapped.AsSpan(0, SecretBox.NonceBytes), rootKey, out key)
            && Contact.TryOpenCombined(row.Bytes(4) ?? [], key, out var plaintext)
            && LenientJson.TryParse(plaintext, out json);
        return new Contact
        {
            Id = id,
            ContactUserId = contactUserId,
            Key = key,
            Json = json,
            PictureObjectKey = !string.IsNullOrEmpty(picture) ? ObjectKey.OfPicture(userId, picture).ToString() : null,
            Problem = opened ? null : new LibraryProblem("contact-damaged", "the contact does not open", IsFatal: true),
        };
    }
}
