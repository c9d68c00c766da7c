using System.Text.Json;
using System.Text.Json.Serialization;
using Nestegg.Repositories.Files;
using Nestegg.Repositories.Manifests;

namespace Nestegg.Repositories;

/// <summary>What a proof comes to.</summary>
[JsonConverter(typeof(ProofVerdictConverter))]
public enum ProofVerdict
{
    /// <summary>Everything of the person was opened, now or, where asked so, by an earlier proof.</summary>
    Proved,

    /// <summary>Everything in the sample was opened.</summary>
    SampleProved,

    /// <summary>Something did not open.</summary>
    NotProved,
}

/// <summary>The numbers of a proof.</summary>
public sealed record ProofCounts
{
    /// <summary>Files that the person can see, each once, the trash included.</summary>
    public long Files { get; set; }

    /// <summary>Files of which everything that was looked at is in order.</summary>
    public long FilesProved { get; set; }

    /// <summary>Files of which something is wrong.</summary>
    public long FilesNotProved { get; set; }

    /// <summary>Of the proved ones: their bytes had been decrypted by an earlier proof and were not read again.</summary>
    public long FilesProvedBefore { get; set; }

    /// <summary>Files outside the sample: only their keys and descriptions were opened.</summary>
    public long FilesNotSampled { get; set; }

    /// <summary>Of the proved ones: those that others share.</summary>
    public long SharedFiles { get; set; }

    /// <summary>Of the files: those in the trash.</summary>
    public long TrashFiles { get; set; }

    /// <summary>Files without a recorded hash: the authenticators of their streams alone speak for them.</summary>
    public long FilesWithoutHash { get; set; }

    /// <summary>Live photos whose two parts were compared.</summary>
    public long LivePhotos { get; set; }

    /// <summary>Items of Locker that are no files.</summary>
    public long LockerItems { get; set; }

    public long Thumbnails { get; set; }

    /// <summary>ML data, previews and playlists that opened.</summary>
    public long DerivedObjects { get; set; }

    /// <summary>Of these: written again after the database was dumped, so that their rows are of an earlier version.</summary>
    public long DerivedNewer { get; set; }

    /// <summary>ML data, previews and playlists that did not; they can be made again.</summary>
    public long DerivedProblems { get; set; }

    /// <summary>Plaintext that was found authentic.</summary>
    public long DecryptedBytes { get; set; }

    public long Albums { get; set; }

    /// <summary>Albums that others share.</summary>
    public long SharedAlbums { get; set; }

    /// <summary>Places, people, memories and the like.</summary>
    public long Entities { get; set; }

    public long Contacts { get; set; }

    public long ContactPictures { get; set; }

    public long AuthCodes { get; set; }

    public long Comments { get; set; }

    public long Reactions { get; set; }

    /// <summary>Links to chosen pictures whose secret, name and keys opened.</summary>
    public long MemoryShares { get; set; }

    /// <summary>Links to single files whose secret opened, and the file's key with it.</summary>
    public long FileLinks { get; set; }

    /// <summary>Accounts of others that this one can recover: their recovery keys opened, and open those accounts.</summary>
    public long EntrustedAccounts { get; set; }

    /// <summary>Sets of cards of which any two open this account.</summary>
    public long LegacyKits { get; set; }

    public long Errors { get; set; }

    public long Warnings { get; set; }
}

/// <summary>An album of a proof.</summary>
/// <param name="Name">Only where names were asked for.</param>
public sealed record AlbumProof(long Id, string? Name, bool IsShared)
{
    public long Files { get; set; }

    public long NotProved { get; set; }
}

/// <summary>All that a proof found: the record that is kept, encrypted, in the repository.</summary>
public sealed record ProofRecord
{
    public required string RepositoryId { get; init; }

    public required SnapshotId Snapshot { get; init; }

    public required ObjectHash ManifestSha256 { get; init; }

    /// <summary>When the snapshot's database was captured.</summary>
    public required DateTimeOffset SnapshotCreatedAt { get; init; }

    public required string Instance { get; init; }

    public required long UserId { get; init; }

    /// <summary>The account as it was asked for.</summary>
    public required string Account { get; init; }

    /// <summary><c>password</c> or <c>recovery key</c>.</summary>
    public required string OpenedWith { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    public required DateTimeOffset FinishedAt { get; init; }

    public required string Program { get; init; }

    public required double Sample { get; init; }

    public required bool OnlyNew { get; init; }

    public required ProofVerdict Verdict { get; init; }

    public required ProofCounts Counts { get; init; }

    public required IReadOnlyList<AlbumProof> Albums { get; init; }

    /// <summary>The first 1,000 of each code; <see cref="ProofCounts.Errors"/> and <see cref="ProofCounts.Warnings"/> count all.</summary>
    public required IReadOnlyList<Finding> Findings { get; init; }
}

/// <summary>What a proof came to, without names: the part that is in the clear, so that <c>snapshots</c> can show it.</summary>
public sealed record ProofSummary
{
    public int Format { get; init; } = 1;

    public required SnapshotId Snapshot { get; init; }

    public required ObjectHash ManifestSha256 { get; init; }

    public required long UserId { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    public required DateTimeOffset FinishedAt { get; init; }

    public required string Program { get; init; }

    public required double Sample { get; init; }

    public required bool OnlyNew { get; init; }

    public required ProofVerdict Verdict { get; init; }

    public required ProofCounts Counts { get; init; }

    /// <summary>The encrypted files that belong to it.</summary>
    public required IReadOnlyList<ManifestFile> Files { get; init; }
}

/// <inheritdoc cref="RepositoryJson"/>
[JsonSerializable(typeof(ProofRecord))]
[JsonSerializable(typeof(ProofSummary))]
internal sealed partial class ProofJson : JsonSerializerContext
{
    public static ProofJson Instance { get; } = new(RepositoryJson.NewOptions());
}

internal sealed class ProofVerdictConverter() : JsonStringEnumConverter<ProofVerdict>(JsonNamingPolicy.CamelCase);
