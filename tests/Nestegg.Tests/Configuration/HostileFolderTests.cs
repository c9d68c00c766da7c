using Nestegg.Ente;
using Nestegg.Ente.Configuration;
using Nestegg.Snapshots;
using Nestegg.TestKit;

namespace Nestegg.Tests.Configuration;

/// <summary>What lies in an instance's folder and is no configuration, or is made to harm who reads it.</summary>
public sealed class HostileFolderTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    public static TheoryData<string> Bottomless { get; } =
    [
        "x: " + new string('[', 100_000),
        "x: " + string.Concat(Enumerable.Repeat("{a: ", 100_000)),
        string.Concat(Enumerable.Range(0, 1000).Select(level => new string(' ', level) + "a:\n")),
        "x:\n  " + string.Concat(Enumerable.Repeat("- ", 100_000)),
        "a0: &a0 [x]\n" + string.Concat(Enumerable.Range(1, 100).Select(level => $"a{level}: &a{level} [*a{level - 1}]\n")),
        "a0: &a0 [x, x]\n"
            + string.Concat(Enumerable.Range(1, 40).Select(level => $"a{level}: &a{level} [*a{level - 1}, *a{level - 1}]\n")),
        "a: &a\n  b: *a\n",
    ];

    [Theory]
    [MemberData(nameof(Bottomless))]
    public void Yaml_without_end_is_refused_with_file_and_line(string yaml)
    {
        Write("museum.yaml", "db: {}\n" + yaml);
        Assert.Matches("museum.yaml line [0-9]+ cannot be read", Assert.Throws<EnteException>(Read).Message);
        File.Delete(Path.Join(folder.Path, "museum.yaml"));

        Write("compose.yaml", "services: {}\n" + yaml);
        Assert.Matches("compose.yaml line [0-9]+ cannot be read", Assert.Throws<EnteException>(Read).Message);
    }

    [Fact]
    public void What_an_alias_repeats_in_measure_is_read()
    {
        Write("museum.yaml", "x: &x { endpoint: host:1 }\ns3: { b2-eu-cen: { <<: *x, bucket: b }, b5: *x }\n");
        Assert.Equal("host:1", Read().Configuration.Text("s3.b5.endpoint"));
    }

    [Fact]
    public void Variables_that_nest_or_multiply_without_end_are_refused()
    {
        Write("compose.yaml", $"services: {{ museum: {{ image: '{Nested(100_000)}' }} }}");
        Assert.Contains("${A…} nests variables", Assert.Throws<EnteException>(Read).Message);

        Write("compose.yaml", $"services: {{ museum: {{ image: 'ente/server{Nested(20)}' }} }}");
        Assert.Equal("ente/serverx", Read().MuseumImage);

        Write(".env", "A0=xxxxxxxx\n" + string.Concat(Enumerable.Range(1, 40).Select(level => $"A{level}=$A{level - 1}$A{level - 1}\n")));
        Assert.Contains("characters", Assert.Throws<EnteException>(Read).Message);
    }

    [Theory]
    [InlineData("data/key", "rm data/key; mkfifo data/key")]
    [InlineData("data/key", "rm data/key; mkdir data/key")]
    [InlineData("data/key", "rm data/key; ln -s ../outside/key data/key")]
    [InlineData("data/key", "mv data aside; ln -s outside data")]
    [InlineData("data/key", "rm data/key")]
    [InlineData("data/key", "truncate -s 1G data/key")]
    [InlineData("data/linked", "rm outside/key; ln -s /etc/hostname outside/key")]
    public async Task What_became_something_else_after_it_was_listed_is_left_out_and_told(string name, string change)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "links need a privilege there");
        Write("project/compose.yaml", "services: { museum: { volumes: ['./outside:/outside', './data:/data'] } }");
        Write("project/outside/key", "the other");
        Write("project/data/key", "the one");
        Link("data/linked", "../outside/key");
        var instance = InstanceFolder.Read(Path.Join(folder.Path, "project"));
        var (files, _) = instance.ListFiles(Token);
        await ExternalProgram.RunAsync("sh", ["-c", $"cd '{instance.Folder}'; {change}"], Token);

        using var tar = new MemoryStream();
        var skipped = await ConfigurationArchive.WriteAsync(instance.Configuration, files, tar, TimeProvider.System, Token);
        tar.Position = 0;
        var saved = await ConfigurationArchive.ReadAsync(tar, Token);

        Assert.Equal(name, Assert.Single(skipped).RelativePath);
        Assert.Equal(
            files.Select(file => file.RelativePath).Where(path => path != name).Order(),
            saved.Files.Select(file => file.RelativePath).Order());
    }

    [Fact]
    public void Links_are_followed_within_the_folder_and_what_leads_out_is_left_out_and_told()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "links need a privilege there");
        Write("outside/shadow", "root");
        Write("outside/deep/file", "");
        Write("outside/mounted/tls.cert", "pem");
        Write("project/certs/tls.cert", "pem");
        Write("project/compose.yaml", "services: { museum: { volumes: ['../outside/mounted:/certs', './data:/data'] } }");
        Write("project/data/good", "");
        Link("data/in", "../certs/tls.cert");
        Link("data/in-folder", "../certs");
        Link("data/mounted", "../../outside/mounted/tls.cert");
        Link("data/out", "../../outside/shadow");
        Link("data/out-folder", "../../outside/deep");
        Link("data/out-by-two", "out-folder/../shadow");
        Link("data/nowhere", "/no/such/place");
        Link("data/circle", "circle");
        Link("data/up", ".");

        var (files, skipped) = InstanceFolder.Read(Path.Join(folder.Path, "project")).ListFiles(Token);

        Assert.Equal(
            ["compose.yaml", "data/good", "data/in", "data/in-folder/tls.cert", "data/mounted"], files.Select(file => file.RelativePath));
        Assert.Equal(
            ["data/circle", "data/nowhere", "data/out", "data/out-by-two", "data/out-folder", "data/up"],
            skipped.Select(file => file.RelativePath).Order(StringComparer.Ordinal));
        Assert.Contains("/outside/shadow", Reason("data/out"));
        Assert.Contains("/outside/shadow", Reason("data/out-by-two"));
        Assert.Contains("/no/such/place, where nothing is", Reason("data/nowhere"));

        string Reason(string path) => skipped.Single(file => file.RelativePath == path).Reason;
    }

    [Fact]
    public void A_folder_that_is_a_link_out_is_left_out()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "links need a privilege there");
        Write("outside/file", "");
        Write("project/museum.yaml", "db: {}");
        Link("data", "../outside");

        var (files, skipped) = InstanceFolder.Read(Path.Join(folder.Path, "project")).ListFiles(TestContext.Current.CancellationToken);

        Assert.Equal(["museum.yaml"], files.Select(file => file.RelativePath));
        Assert.Equal(["data"], skipped.Select(file => file.RelativePath));
    }

    [Fact]
    public void Whoever_ends_the_run_ends_the_reading_of_a_folder()
    {
        Write("data/file", "");
        Assert.Throws<OperationCanceledException>(() => Read().ListFiles(new CancellationToken(canceled: true)));
    }

    private static string Nested(int levels) => string.Concat(Enumerable.Repeat("${A:-", levels)) + "x" + new string('}', levels);

    private InstanceFolder Read() => InstanceFolder.Read(folder.Path);

    private void Link(string name, string target) => File.CreateSymbolicLink(Path.Join(folder.Path, "project", name), target);

    private void Write(string name, string text)
    {
        var path = Path.Join(folder.Path, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }
}
