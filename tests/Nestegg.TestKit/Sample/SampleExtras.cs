using System.Text;
using System.Text.Json.Nodes;
using Nestegg.Ente.Cryptography;

namespace Nestegg.TestKit.Sample;

/// <summary>
/// What people keep besides files: Auth codes, places and people, contacts, those and the cards that may recover the account.
/// </summary>
internal sealed class SampleExtras(SampleStorage storage, SampleRandom random, SampleSeal seal, SampleClock clock)
{
    /// <param name="isOldStyle">Without the mark of a last message, as codes were written until 2025.</param>
    public async Task AddAuthCodesAsync(
        SamplePerson owner, IReadOnlyList<string> codes, CancellationToken cancellationToken, bool isOldStyle = false)
    {
        using var key = seal.NewKey();
        var wrapped = seal.Box(key.Bytes, owner.MasterKey);
        await storage.InsertAsync(
            "authenticator_key", cancellationToken, ("user_id", owner.UserId), ("encrypted_key", wrapped.Box), ("header", wrapped.Nonce));
        foreach (var code in codes)
        {
            var (data, header) = seal.Json(JsonValue.Create(code), key, isFinal: !isOldStyle);
            await storage.InsertAsync("authenticator_entity", cancellationToken,
                ("id", random.Uuid().ToString()), ("user_id", owner.UserId), ("encrypted_data", data), ("header", header),
                ("created_at", clock.NextMicroseconds()));
            owner.AuthCodes.Add(code);
        }

        await storage.InsertAsync(
            "authenticator_entity", cancellationToken, ("id", random.Uuid().ToString()), ("user_id", owner.UserId), ("is_deleted", true));
    }

    public async Task AddPlacesAndPeopleAsync(SamplePerson owner, CancellationToken cancellationToken)
    {
        var location = new JsonObject
        {
            ["name"] = "The lake", ["radius"] = 5,
            ["centerPoint"] = new JsonObject { ["latitude"] = 46.5, ["longitude"] = 6.6 }
        };
        var person = new JsonObject { ["name"] = "Grandmother", ["assigned"] = new JsonArray(), ["isHidden"] = false };
        await AddEntityAsync(owner, "location", location, cancellationToken);
        await AddEntityAsync(owner, "cgroup", person, cancellationToken);
        await storage.InsertAsync("entity_data", cancellationToken, ("user_id", owner.UserId), ("type", "cgroup"),
            ("id", random.Id("cgroup")), ("is_deleted", true));
    }

    /// <summary>Remembers something, under a key for all of its type; all but places are compressed.</summary>
    public async Task AddEntityAsync(SamplePerson owner, string type, JsonObject json, CancellationToken cancellationToken)
    {
        using var key = await AddEntityKeyAsync(owner, type, cancellationToken);
        var (encrypted, header) = seal.Stream(
            type == "location" ? Encoding.UTF8.GetBytes(json.ToJsonString()) : SampleSeal.Gzip(json), key);
        await storage.InsertAsync("entity_data", cancellationToken,
            ("user_id", owner.UserId), ("type", type), ("id", random.Id(type)), ("encrypted_data", Convert.ToBase64String(encrypted)),
            ("header", Convert.ToBase64String(header)));
        owner.Entities.Add($"{type} {json["name"]}");
    }

    public async Task<SecretKey> AddEntityKeyAsync(SamplePerson owner, string type, CancellationToken cancellationToken)
    {
        var key = seal.NewKey();
        var wrapped = seal.Box(key.Bytes, owner.MasterKey);
        await storage.InsertAsync("entity_key", cancellationToken,
            ("user_id", owner.UserId), ("type", type), ("encrypted_key", wrapped.Box), ("header", wrapped.Nonce));
        return key;
    }

    /// <summary>Two entries of the contact book, the first with a picture; and one that was deleted.</summary>
    public async Task AddContactsAsync(SamplePerson owner, SamplePerson first, SamplePerson second, CancellationToken cancellationToken)
    {
        using var rootKey = await AddEntityKeyAsync(owner, "contact", cancellationToken);
        using var firstKey = seal.NewKey();
        var attachment = random.Id("ua");
        var picture = Combined(JpegPicture.Encode(64, 64, random), firstKey);
        await storage.PutAsync($"{owner.UserId}/user-attachments/profile_picture/{attachment}", picture, cancellationToken);
        await storage.InsertAsync("user_attachments", cancellationToken,
            ("attachment_id", attachment), ("user_id", owner.UserId), ("attachment_type", "profile_picture"),
            ("size", (long)picture.Length), ("latest_bucket", storage.HotSlot));
        owner.ContactPictures++;
        await AddContactAsync(owner, first, rootKey, firstKey, new JsonObject { ["name"] = "Ben (cousin)", ["birthDate"] = "1990-02-03" },
            attachment, cancellationToken);
        using var secondKey = seal.NewKey();
        await AddContactAsync(owner, second, rootKey, secondKey, new JsonObject { ["name"] = "Chi 密" }, null, cancellationToken);
        await storage.InsertAsync("contact_entity", cancellationToken,
            ("id", random.Id("ct")), ("user_id", owner.UserId), ("contact_user_id", owner.UserId),
            ("encrypted_key", CombinedBox(random.Bytes(32), rootKey)), ("is_deleted", true));
    }

    /// <param name="state"><c>INVITED</c> and <c>ACCEPTED</c> come with the recovery key, sealed to the contact; <c>REVOKED</c>
    /// without.</param>
    public async Task EntrustAsync(SamplePerson owner, SamplePerson contact, string state, CancellationToken cancellationToken)
    {
        var isOpen = state is "INVITED" or "ACCEPTED";
        await storage.InsertAsync("emergency_contact", cancellationToken,
            ("user_id", owner.UserId), ("emergency_contact_id", contact.UserId), ("state", state), ("notice_period_in_hrs", 24),
            ("encrypted_key", isOpen ? Convert.ToBase64String(SealedBox.Seal(owner.RecoverySecret.Bytes, contact.PublicKey)) : null));
        if (isOpen)
        {
            contact.EntrustedAccounts.Add(owner.UserId);
        }
    }

    /// <summary>Three cards of which any two recover the account.</summary>
    public async Task AddLegacyKitAsync(SamplePerson owner, bool isDeleted, CancellationToken cancellationToken)
    {
        using var secret = seal.NewKey();
        using var key = SubKey.Derive(secret, 1, "lgkenc01"u8);
        var (slope, checksum) = (random.Bytes(SecretKey.SizeBytes), Convert.ToBase64String(random.Bytes(8)));
        string[] holders = ["Ben", "the notary", "the blue folder"];
        var cards = new JsonArray([.. holders.Select((name, i) => new JsonObject
        {
            ["index"] = i + 1, ["name"] = name, ["share"] = Convert.ToBase64String(TwoOfThree.Share(secret.Bytes, slope, i + 1)),
            ["checksum"] = checksum,
        })]);
        await storage.InsertAsync("legacy_kit", cancellationToken,
            ("id", random.Uuid().ToString()), ("user_id", owner.UserId), ("variant", 1), ("notice_period_in_hrs", 168),
            ("is_deleted", isDeleted),
            ("encrypted_recovery_blob", Convert.ToBase64String(CombinedBox(owner.RecoverySecret.Bytes, key))),
            ("auth_public_key", Convert.ToBase64String(random.Bytes(SealedBox.PublicKeyBytes))),
            ("encrypted_owner_blob",
                Convert.ToBase64String(CombinedBox(Encoding.UTF8.GetBytes(new JsonObject { ["parts"] = cards }.ToJsonString()),
                owner.MasterKey))));
        if (!isDeleted)
        {
            owner.LegacyKits.Add(string.Join(", ", holders));
        }
    }

    /// <summary>What museum keeps and nobody's key opens: a family plan, settings, a passkey, an upload that was begun.</summary>
    public async Task AddBookkeepingAsync(SamplePerson admin, SamplePerson member, CancellationToken cancellationToken)
    {
        await storage.InsertAsync("families", cancellationToken, ("id", random.Uuid().ToString()), ("admin_id", admin.UserId),
            ("member_id", admin.UserId), ("status", "SELF"));
        await storage.InsertAsync("families", cancellationToken, ("id", random.Uuid().ToString()), ("admin_id", admin.UserId),
            ("member_id", member.UserId), ("status", "ACCEPTED"));
        await storage.ExecuteAsync(
            "UPDATE users SET family_admin_id = $1 WHERE user_id IN ($1, $2)", cancellationToken, admin.UserId, member.UserId);
        await storage.InsertAsync(
            "remote_store", cancellationToken, ("user_id", admin.UserId), ("key_name", "mapEnabled"), ("key_value", "true"));
        await storage.InsertAsync("passkeys", cancellationToken, ("id", random.Uuid().ToString()), ("user_id", admin.UserId),
            ("friendly_name", "the blue stick"));
        // On a restored server its row would delete an object.
        await storage.InsertAsync(
            "temp_objects", cancellationToken, ("object_key", $"{admin.UserId}/{random.Uuid()}"), ("expiration_time", 1L));
    }

    private async Task AddContactAsync(
        SamplePerson owner, SamplePerson contact, SecretKey rootKey, SecretKey contactKey, JsonObject json, string? attachment,
        CancellationToken cancellationToken)
    {
        json["contactUserId"] = contact.UserId;
        await storage.InsertAsync("contact_entity", cancellationToken,
            ("id", random.Id("ct")), ("user_id", owner.UserId), ("contact_user_id", contact.UserId),
            ("profile_picture_attachment_id", attachment),
            ("encrypted_key", CombinedBox(contactKey.Bytes, rootKey)),
            ("encrypted_data", Combined(Encoding.UTF8.GetBytes(json.ToJsonString()), contactKey)),
            ("created_at", clock.NextMicroseconds()));
        owner.Contacts.Add($"{json["name"]} {json["birthDate"]}".TrimEnd());
    }

    /// <summary>A nonce and, after it, the box.</summary>
    private byte[] CombinedBox(ReadOnlySpan<byte> content, SecretKey key)
    {
        var nonce = random.Bytes(SecretBox.NonceBytes);
        return [.. nonce, .. SecretBox.Seal(content, nonce, key)];
    }

    /// <summary>A header and, after it, the one message.</summary>
    private byte[] Combined(byte[] content, SecretKey key)
    {
        var (encrypted, header) = seal.Stream(content, key);
        return [.. header, .. encrypted];
    }
}
