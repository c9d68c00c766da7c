namespace Nestegg.Ente.Configuration;

/// <summary>Where the value of a setting came from, so that a message can say which line of which file to change.</summary>
/// <param name="Source">A file, <c>ENTE_DB_PASSWORD in .env</c>, or <c>museum's default</c>.</param>
/// <param name="Line">The line in a YAML file, counted from 1; null where there is none.</param>
public readonly record struct SettingOrigin(string Source, int? Line = null)
{
    /// <summary>As a person would say it: <c>museum.yaml line 12</c>.</summary>
    public override string ToString() => Line is null ? Source : $"{Source} line {Line}";
}

/// <summary>One setting as museum sees it. Not a record: a record's text would print secrets.</summary>
public sealed class Setting(string key, IReadOnlyList<string> values, bool isList, SettingOrigin origin)
{
    /// <summary>The key with dots: <c>s3.b2-eu-cen.endpoint</c>. Keys differ in more than case.</summary>
    public string Key { get; } = key;

    /// <summary>The items of a list; one item for anything else.</summary>
    public IReadOnlyList<string> Values { get; } = values;

    /// <summary>It was written as a list.</summary>
    public bool IsList { get; } = isList;

    /// <summary>Where the value comes from.</summary>
    public SettingOrigin Origin { get; } = origin;

    /// <summary>The value as text; the items of a list with commas between.</summary>
    public string Text => IsList ? string.Join(',', Values) : Values[0];

    /// <summary>The key and its origin, never the value.</summary>
    public override string ToString() => $"{Key} ({Origin})";
}
