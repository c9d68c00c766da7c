using System.Text.Json;
using Nestegg.Ente.Configuration;
using Nestegg.TestKit;
using Nestegg.TestKit.Instances;

namespace Nestegg.Tests.Configuration;

/// <summary>
/// What our reader makes of compose files, beside what Docker Compose printed of the same: museum's service in the projects that lie beside
/// the source tree. The recording was made with each at <c>/srv</c>.
/// </summary>
public sealed class RecordedComposeTests
{
    private static readonly string Shared = RepositoryRoot.Combine("..", "shared");
    private static readonly string Recordings = Path.Combine(Shared, "fixtures", "compose");

    public static IEnumerable<TheoryDataRow<string>> Recorded() =>
        RecordedInstance.IsPresent && Directory.Exists(Recordings)
            ? Directory.EnumerateFiles(Recordings, "*.json").Order()
                .Select(path => new TheoryDataRow<string>(Path.GetFileNameWithoutExtension(path)).WithTrait("instance", "recorded"))
            : [];

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Recorded))]
    public void Museums_service_is_what_docker_compose_says(string name)
    {
        var (place, top) = name == "family"
            ? (Path.Combine(Shared, "fixtures", "family", "instance"), "family")
            : Directory.GetDirectories(Path.Combine(Shared, "cases")).Select(folder => (Folder: folder, Name: Path.GetFileName(folder)))
                .Where(entry => name.StartsWith(entry.Name + '-')).MaxBy(entry => entry.Name.Length);
        using var recording = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Recordings, name + ".json")));
        var project = Read(FolderOf(place, name[top.Length..].TrimStart('-')));

        string Here(string path) => Path.GetFullPath(
            path.StartsWith($"/srv/{top}/", StringComparison.Ordinal) ? place + path[$"/srv/{top}".Length..] : path);

        Assert.NotNull(project.Museum);
        var expected = recording.RootElement.GetProperty("services").GetProperty(project.Museum.Name);
        Assert.Equal(Text(expected, "image"), project.Museum.Image);
        Assert.Equal(Text(expected, "working_dir") ?? "/", project.Museum.WorkingFolder);
        Assert.Equal(
            Words(expected, "entrypoint").Concat(Words(expected, "command")),
            project.Museum.Command.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal(
            Entries(expected, "environment").Order(),
            project.Environment.GroupBy(variable => variable.Name).Select(group => $"{group.Key}={group.Last().Value}").Order());
        Assert.Equal(
            Items(expected, "volumes").ToDictionary(
                mount => Text(mount, "target")!, mount => Text(mount, "type") == "bind" ? Here(Text(mount, "source")!) : null),
            project.Museum.Files.ToDictionary(file => file.Key, file => file.Value.HostPath));
        foreach (var (section, above) in new[] { ("configs", "/"), ("secrets", "/run/secrets/") })
        {
            foreach (var item in Items(expected, section))
            {
                var document = recording.RootElement.GetProperty(section).GetProperty(Text(item, "source")!);
                var target = Path.Combine(above, Text(item, "target") ?? Text(item, "source")!);
                Assert.Equal(Text(document, "file") is { } file ? Here(file) : null, project.Find(target)?.HostPath);
                Assert.Equal(Text(document, "content"), project.Find(target)?.Text);
            }
        }

        Assert.Equal(Items(expected, "configs").Length + Items(expected, "secrets").Length, project.Museum.Documents.Count);
    }

    // As compose is started there: without a variable, so that .env alone fills in what is asked for.
    private static ComposeProject Read(string folder)
    {
        var file = Path.Combine(folder, ".env");
        var variables = File.Exists(file) ? DotEnv.Read(File.ReadAllText(file), _ => null) : [];
        return ComposeProject.Read(
            new InstancePaths(new InstanceLocation(folder)), InstanceFolder.ComposeFilesIn(folder),
            name => variables.LastOrDefault(variable => variable.Name == name).Value);
    }

    // `app-code` is the folder `app/code`.
    private static string FolderOf(string place, string steps) => steps.Length == 0
        ? place
        : Directory.GetDirectories(place, "*", SearchOption.AllDirectories)
            .Single(folder => Path.GetRelativePath(place, folder).Replace(Path.DirectorySeparatorChar, '-') == steps);

    private static string? Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static JsonElement[] Items(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray()] : [];

    private static IEnumerable<string> Words(JsonElement element, string name) => Items(element, name).Select(item => item.GetString()!);

    private static IEnumerable<string> Entries(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Object
            ? value.EnumerateObject().Select(entry => $"{entry.Name}={entry.Value.GetString()}")
            : [];
}
