using YamlDotNet.RepresentationModel;

namespace Nestegg.Ente.Configuration;

/// <summary>A compose file while it is read: what its relative paths start from and what fills in its <c>${…}</c>.</summary>
/// <param name="File">Its name in messages.</param>
/// <param name="Folder">What its relative paths start from.</param>
/// <param name="Root">Its content.</param>
/// <param name="Lookup">The variables for <c>${…}</c>.</param>
/// <param name="OnUnset">Told of each that is asked for, and that neither is set nor has a default.</param>
/// <param name="Paths">Told of each path of the host.</param>
internal sealed record ComposeScope(
    string File, string Folder, YamlMappingNode Root, Func<string, string?> Lookup, Action<string> OnUnset, InstancePaths Paths)
{
    /// <summary>The text of a scalar with its variables filled in; <see langword="null"/> for anything else.</summary>
    public string? Value(YamlNode? node) => YamlSettings.Text(node) is { } text ? Interpolation.Expand(text, Lookup, OnUnset) : null;

    /// <summary>The value of a variable that is asked for without a default.</summary>
    public string? Variable(string name)
    {
        var value = Lookup(name);
        if (string.IsNullOrEmpty(value))
        {
            OnUnset(name);
        }

        return value;
    }

    public string? Value(YamlNode? node, string key) => Value(YamlSettings.Child(node, key));

    /// <summary>The texts of a list, or the one text in place of a list.</summary>
    public IEnumerable<string> Values(YamlNode? node, string key) => Items(YamlSettings.Child(node, key)).Select(Value).OfType<string>();

    /// <summary>The entries of a map, or of a list of <c>name=value</c>; a name alone has no value.</summary>
    public IEnumerable<(string Key, string? Value)> Pairs(YamlNode? node, string key)
    {
        var child = YamlSettings.Child(node, key);
        return child is YamlMappingNode map
            ? YamlSettings.Entries(map).Select(entry => (entry.Key, Value(entry.Value)))
            : Items(child).Select(Value).OfType<string>().Select(text =>
                text.IndexOf('=') is var equals and >= 0 ? (text[..equals], (string?)text[(equals + 1)..]) : (text, null));
    }

    /// <summary>The full path of a path in the file.</summary>
    public string HostPath(string path) => Paths.FullPath(path, Folder);

    /// <summary>The folder that a named volume is bound to; <see langword="null"/> for one that lives with the engine.</summary>
    public string? VolumeFolder(string name)
    {
        var volume = YamlSettings.Child(YamlSettings.Child(Root, "volumes"), name);
        return Value(YamlSettings.Child(volume, "driver_opts"), "device") is ['/' or '.', ..] device ? HostPath(device) : null;
    }

    public static IEnumerable<YamlNode> Items(YamlNode? node) => node is YamlSequenceNode list ? list.Children : node is null ? [] : [node];

    /// <summary>The value stands in place of what earlier files say, and is not added to it.</summary>
    public static bool Replaces(YamlNode node, string key) =>
        YamlSettings.Child(node, key) is { Tag: { IsEmpty: false, Value: "!reset" or "!override" } };

    /// <summary>An absolute path in the container without <c>.</c>, <c>..</c> and a slash at its end.</summary>
    public static string Normal(string path) => Path.GetFullPath(path, "/") is { Length: > 1 } full ? full.TrimEnd('/') : "/";
}
