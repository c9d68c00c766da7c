namespace Nestegg.Ente.Scratch;

/// <summary>A value for a parameter of a <see cref="SqliteStatement"/>, without a box around a number.</summary>
internal readonly struct SqliteValue
{
    private readonly long number;
    private readonly object? reference;

    private SqliteValue(object? reference, long number = 0) => (this.reference, this.number) = (reference, number);

    public static implicit operator SqliteValue(long value) => new(IsNumber, value);

    public static implicit operator SqliteValue(long? value) => value is { } number ? number : default(SqliteValue);

    public static implicit operator SqliteValue(bool value) => value ? 1 : 0;

    public static implicit operator SqliteValue(string? value) => new(value);

    public static implicit operator SqliteValue(byte[]? value) => new(value);

    public bool IsNull => reference is null;

    private static object IsNumber { get; } = new();

    public void Bind(SqliteStatement statement, int parameter)
    {
        switch (reference)
        {
            case null:
                statement.BindNull(parameter);
                break;
            case string text:
                statement.BindText(parameter, text);
                break;
            case byte[] bytes:
                statement.BindBlob(parameter, bytes);
                break;
            default:
                statement.Bind(parameter, number);
                break;
        }
    }
}
