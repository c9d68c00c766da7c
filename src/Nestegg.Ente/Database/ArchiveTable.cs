namespace Nestegg.Ente.Database;

/// <summary>A table whose rows an archive holds.</summary>
/// <param name="Schema">The PostgreSQL schema; <c>public</c> for all that is Ente's.</param>
/// <param name="Name">The table's name.</param>
/// <param name="Columns">The columns, in the order of the rows' fields.</param>
public sealed record ArchiveTable(string Schema, string Name, IReadOnlyList<ArchiveColumn> Columns);

/// <summary>A column of a table in an archive.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">What its values are.</param>
public readonly record struct ArchiveColumn(string Name, ArchiveColumnType Type);

/// <summary>What the values of a column are, as far as a reader has to tell.</summary>
public enum ArchiveColumnType
{
    /// <summary>Text, and everything that is best kept as PostgreSQL prints it: uuid, jsonb, enums, arrays.</summary>
    Text,

    /// <summary>smallint, integer, bigint.</summary>
    Integer,

    /// <summary>boolean, printed as t or f.</summary>
    Boolean,

    /// <summary>bytea.</summary>
    Bytes,
}

/// <summary>Where a sequence stands.</summary>
/// <param name="Schema">The schema that it is in.</param>
/// <param name="Name">The sequence's name, without its schema.</param>
/// <param name="Value">Its last value.</param>
/// <param name="IsCalled">Whether that value was given out; when not, it is the next one.</param>
public readonly record struct ArchiveSequence(string Schema, string Name, long Value, bool IsCalled);
