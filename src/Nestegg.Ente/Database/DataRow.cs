using System.Data.Common;

namespace Nestegg.Ente.Database;

/// <summary>Columns that may be null.</summary>
internal static class DataRow
{
    internal static string? Text(this DbDataReader row, int ordinal) => row.IsDBNull(ordinal) ? null : row.GetString(ordinal);

    internal static byte[]? Bytes(this DbDataReader row, int ordinal) => row.IsDBNull(ordinal) ? null : row.GetFieldValue<byte[]>(ordinal);

    internal static long? Integer(this DbDataReader row, int ordinal) => row.IsDBNull(ordinal) ? null : row.GetInt64(ordinal);
}
