namespace Nestegg.Ente.Database;

/// <summary>What the head of an archive of pg_dump says.</summary>
/// <param name="Version">The version of the archive's format: 1.14 (PostgreSQL 12 to 15), 1.15 (16) or 1.16 (17, 18).</param>
/// <param name="Compression">How the rows are compressed.</param>
/// <param name="Database">The name of the database that was dumped.</param>
/// <param name="ServerVersion">The version of the server, as it calls itself.</param>
/// <param name="DumpVersion">The version of the pg_dump that wrote the archive.</param>
public sealed record ArchiveHeader(
    Version Version, ArchiveCompression Compression, string Database, string ServerVersion, string DumpVersion);

/// <summary>How the rows in an archive are compressed; the numbers are those in the head.</summary>
public enum ArchiveCompression
{
    /// <summary>Not at all.</summary>
    None = 0,

    /// <summary>zlib, the default of pg_dump.</summary>
    Gzip = 1,

    /// <summary>LZ4; not read here.</summary>
    Lz4 = 2,

    /// <summary>zstd; not read here.</summary>
    Zstd = 3,
}
