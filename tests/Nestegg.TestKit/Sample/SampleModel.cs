using Nestegg.Ente.Cryptography;

namespace Nestegg.TestKit.Sample;

/// <summary>Somebody with an account on the sample instance.</summary>
public sealed class SamplePerson
{
    public required string Name { get; init; }

    public required string Email { get; init; }

    /// <summary>Changes when the person changes it; see <see cref="SampleInstance.AdvanceAsync"/>.</summary>
    public required string Password { get; set; }

    /// <summary>24 words.</summary>
    public string RecoveryWords => RecoveryKey.ToWords(RecoverySecret);

    public required long UserId { get; init; }

    public required SecretKey MasterKey { get; init; }

    public required SecretKey RecoverySecret { get; init; }

    public required SecretKey SecretKey { get; init; }

    public required byte[] PublicKey { get; init; }
}

/// <summary>An album.</summary>
public sealed class SampleAlbum
{
    public required long Id { get; init; }

    public required SamplePerson Owner { get; init; }

    /// <summary>As its owner typed it.</summary>
    public required string Name { get; init; }

    public required string Type { get; init; }

    public required string App { get; init; }

    /// <summary>Who can open it besides the owner.</summary>
    public List<SamplePerson> SharedWith { get; } = [];

    public required SecretKey Key { get; init; }
}

/// <summary>A file, and what a person who opens it must find.</summary>
public sealed class SampleFile
{
    public required long Id { get; init; }

    public required SamplePerson Owner { get; init; }

    /// <summary>The file name that the uploading app recorded.</summary>
    public required string Title { get; init; }

    /// <summary>The name that the person gave it later, if any.</summary>
    public string? EditedName { get; init; }

    public string? Caption { get; init; }

    /// <summary>0 image, 1 video, 2 live photo, 3 other, 4 a Locker item without a file.</summary>
    public required int Type { get; init; }

    /// <summary>0 visible, 1 archived, 2 hidden.</summary>
    public int Visibility { get; init; }

    /// <summary>Length of the decrypted bytes; -1 for an item without a file.</summary>
    public required long SizeBytes { get; init; }

    /// <summary>SHA-256 of the decrypted bytes, in lower-case hexadecimal; empty for an item without a file.</summary>
    public required string Sha256 { get; init; }

    /// <summary>The albums that hold it, also when it is in the trash.</summary>
    public List<SampleAlbum> Albums { get; } = [];

    public bool IsInTrash { get; set; }

    public bool IsDeletedForGood { get; set; }

    public required SecretKey Key { get; init; }
}

/// <summary>An object that the database names and a bucket holds.</summary>
/// <param name="SizeBytes">Its length as it lies in the bucket.</param>
/// <param name="Sha256">Of its bytes, in lower-case hexadecimal.</param>
public sealed record SampleObject(string Bucket, string Key, long SizeBytes, string Sha256);
