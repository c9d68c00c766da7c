using System.Text;
using System.Text.Json.Nodes;
using Nestegg.Ente.Cryptography;

namespace Nestegg.TestKit.Sample;

/// <summary>What people keep besides files: Auth codes, places and people, contacts, someone and some cards that may recover the account.</summary>
internal sealed class SampleExtras(SampleStorage storage, SampleRandom random, SampleSeal seal)
{
    public async Task AddAsync(SamplePerson owner, SamplePerson contact, CancellationToken cancellationToken)
    {
        await AddAuthCodesAsync(owner, cancellationToken);
        await AddEntitiesAsync(owner, cancellationToken);
        await AddContactAsync(owner, contact, cancellationToken);
        await storage.InsertAsync("emergency_contact", cancellationToken,
            ("user_id", owner.UserId), ("emergency_contact_id", contact.UserId), ("state", "ACCEPTED"), ("notice_period_in_hrs", 24),
            ("encrypted_key", Convert.ToBase64String(SealedBox.Seal(owner.RecoverySecret.Bytes, contact.PublicKey))));
        contact.Counts.EntrustedAccounts++;
        await AddLegacyKitAsync(owner, cancellationToken);
        // An upload that was begun and never reported: on a restored server its row would delete an object.
        await storage.InsertAsync("temp_objects", cancellationToken, ("object_key", $"{owner.UserId}/{random.Uuid()}"), ("expiration_time", 1L));
    }

    public async Task<SecretKey> AddEntityKeyAsync(SamplePerson owner, string type, CancellationToken cancellationToken)
    {
        var key = seal.NewKey();
        var wrapped = seal.Box(key.Bytes, owner.MasterKey);
        await storage.InsertAsync("entity_key", cancellationToken,
            ("user_id", owner.UserId), ("type", type), ("encrypted_key", wrapped.Box), ("header", wrapped.Nonce));
        return key;
    }

    private async Task AddAuthCodesAsync(SamplePerson owner, CancellationToken cancellationToken)
    {
        var key = seal.NewKey();
        var wrapped = seal.Box(key.Bytes, owner.MasterKey);
        await storage.InsertAsync("authenticator_key", cancellationToken, ("user_id", owner.UserId), ("encrypted_key", wrapped.Box), ("header", wrapped.Nonce));
        string[] codes =
        [
            "otpauth://totp/Bank:ada?secret=JBSWY3DPEHPK3PXP&issuer=Bank&algorithm=SHA1&digits=6&period=30&codeDisplay=%7B%22pinned%22%3Atrue%7D",
            "otpauth://hotp/Club:ada%40example.org?secret=GEZDGNBVGY3TQOJQ&issuer=Club&counter=7",
        ];
        foreach (var code in codes)
        {
            var (data, header) = seal.Json(JsonValue.Create(code), key);
            await storage.InsertAsync("authenticator_entity", cancellationToken,
                ("id", random.Uuid().ToString()), ("user_id", owner.UserId), ("encrypted_data", data), ("header", header));
            owner.AuthCodes.Add(code);
        }

        await storage.InsertAsync("authenticator_entity", cancellationToken, ("id", random.Uuid().ToString()), ("user_id", owner.UserId), ("is_deleted", true));
    }

    private async Task AddEntitiesAsync(SamplePerson owner, CancellationToken cancellationToken)
    {
        var location = new JsonObject { ["name"] = "The lake", ["radius"] = 5, ["centerPoint"] = new JsonObject { ["latitude"] = 46.5, ["longitude"] = 6.6 } };
        var person = new JsonObject { ["name"] = "Grandmother", ["assigned"] = new JsonArray(), ["isHidden"] = false };
        await AddEntityAsync(owner, "location", Encoding.UTF8.GetBytes(location.ToJsonString()), cancellationToken);
        await AddEntityAsync(owner, "cgroup", SampleSeal.Gzip(person), cancellationToken);
    }

    private async Task AddEntityAsync(SamplePerson owner, string type, byte[] content, CancellationToken cancellationToken)
    {
        using var key = await AddEntityKeyAsync(owner, type, cancellationToken);
        var (encrypted, header) = seal.Stream(content, key);
        await storage.InsertAsync("entity_data", cancellationToken,
            ("user_id", owner.UserId), ("type", type), ("id", random.Id(type)), ("encrypted_data", Convert.ToBase64String(encrypted)), ("header", Convert.ToBase64String(header)));
        owner.Counts.Entities++;
    }

    private async Task AddContactAsync(SamplePerson owner, SamplePerson contact, CancellationToken cancellationToken)
    {
        using var rootKey = await AddEntityKeyAsync(owner, "contact", cancellationToken);
        using var contactKey = seal.NewKey();
        var nonce = random.Bytes(SecretBox.NonceBytes);
        byte[] wrapped = [.. nonce, .. SecretBox.Seal(contactKey.Bytes, nonce, rootKey)];
        var json = new JsonObject { ["contactUserId"] = contact.UserId, ["name"] = "Ben (cousin)", ["birthDate"] = "1990-02-03" };
        var attachment = random.Id("ua");
        var picture = Combined(JpegPicture.Encode(64, 64, random), contactKey);
        await storage.PutAsync($"{owner.UserId}/user-attachments/profile_picture/{attachment}", picture, cancellationToken);
        await storage.InsertAsync("user_attachments", cancellationToken,
            ("attachment_id", attachment), ("user_id", owner.UserId), ("attachment_type", "profile_picture"), ("size", (long)picture.Length), ("latest_bucket", SampleStorage.Slot));
        await storage.InsertAsync("contact_entity", cancellationToken,
            ("id", random.Id("ct")), ("user_id", owner.UserId), ("contact_user_id", contact.UserId), ("profile_picture_attachment_id", attachment),
            ("encrypted_key", wrapped), ("encrypted_data", Combined(Encoding.UTF8.GetBytes(json.ToJsonString()), contactKey)));
        owner.Counts.Contacts++;
        owner.Counts.ContactPictures++;
    }

    /// <summary>Three cards of which any two recover the account.</summary>
    private async Task AddLegacyKitAsync(SamplePerson owner, CancellationToken cancellationToken)
    {
        using var secret = seal.NewKey();
        using var key = SubKey.Derive(secret, 1, "lgkenc01"u8);
        var (slope, checksum) = (random.Bytes(SecretKey.SizeBytes), Convert.ToBase64String(random.Bytes(8)));
        var cards = new JsonArray([.. ((string[])["Ben", "the notary", "the blue folder"]).Select((name, i) => new JsonObject
        {
            ["index"] = i + 1, ["name"] = name, ["share"] = Convert.ToBase64String(TwoOfThree.Share(secret.Bytes, slope, i + 1)), ["checksum"] = checksum,
        })]);
        await storage.InsertAsync("legacy_kit", cancellationToken,
            ("id", random.Uuid().ToString()), ("user_id", owner.UserId), ("variant", 1), ("notice_period_in_hrs", 168),
            ("encrypted_recovery_blob", CombinedBox(owner.RecoverySecret.Bytes, key)), ("auth_public_key", Convert.ToBase64String(random.Bytes(SealedBox.PublicKeyBytes))),
            ("encrypted_owner_blob", CombinedBox(Encoding.UTF8.GetBytes(new JsonObject { ["parts"] = cards }.ToJsonString()), owner.MasterKey)));
        owner.Counts.LegacyKits++;
    }

    /// <summary>A nonce and, after it, the box, in Base64.</summary>
    private string CombinedBox(ReadOnlySpan<byte> content, SecretKey key)
    {
        var nonce = random.Bytes(SecretBox.NonceBytes);
        return Convert.ToBase64String([.. nonce, .. SecretBox.Seal(content, nonce, key)]);
    }

    /// <summary>A header and, after it, the one message.</summary>
    private byte[] Combined(byte[] content, SecretKey key)
    {
        var (encrypted, header) = seal.Stream(content, key);
        return [.. header, .. encrypted];
    }
}
