using System.Text;
using Nestegg.TestKit;
using Nestegg.TestKit.Servers;

namespace Nestegg.Tests.Scripts;

/// <summary>What ./test, ./demo and ./build do on a machine without the .NET SDK, in a folder that stands for the checkout.</summary>
public sealed class DotnetSdkTests : IDisposable
{
    private static readonly string[] Programs = ["bash", "curl", "mktemp", "rm", "sed", "cat", "chmod", "mkdir"];

    private readonly TemporaryFolder checkout = new();

    public DotnetSdkTests()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "the scripts are bash's");
        Assert.SkipWhen(ExternalProgram.Find("curl") is null, "curl is not installed");
        File.Copy(RepositoryRoot.Combine("eng", "dotnet-sdk"), checkout["dotnet-sdk"]);
        File.WriteAllText(checkout["global.json"], """{ "sdk": { "version": "10.0.123" } }""");
        // A PATH with what the script uses and nothing else: no dotnet.
        Directory.CreateDirectory(checkout["bin"]);
        foreach (var program in Programs)
        {
            File.CreateSymbolicLink(Path.Combine(checkout["bin"], program), ExternalProgram.Find(program)!);
        }
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => checkout.Dispose();

    [Fact]
    public async Task Where_it_cannot_be_fetched_it_is_said_what_to_do()
    {
        await using var closed = ScriptedHttpServer.Refusing(503, "Closed");
        var (code, output) = await SourceAsync(closed.Endpoint);
        Assert.Equal(2, code);
        Assert.Contains($"fetching it into .dotnet with Microsoft's install script: {closed.Endpoint}", output);
        Assert.Contains("error: the .NET SDK is not installed, and it could not be fetched", output);
        Assert.Contains("hint: install .NET 10.0.123 or a newer 10.0 (https://dotnet.microsoft.com/download)", output);
        Assert.DoesNotContain("went on", output);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("exit 145")]
    public async Task It_is_fetched_once_and_used_from_then_on(string? unfittingSdk)
    {
        if (unfittingSdk is not null)
        {
            await WriteProgramAsync("bin/dotnet", unfittingSdk);
        }
        await using var server = new ScriptedHttpServer((_, context) => context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes("""
            echo "installer was given: $*"
            mkdir -p .dotnet && printf '#!/bin/bash\necho 10.0.123\n' > .dotnet/dotnet && chmod +x .dotnet/dotnet
            """)).AsTask());
        var (code, output) = await SourceAsync(server.Endpoint);
        Assert.Equal(0, code);
        Assert.Contains("installer was given: --jsonfile global.json --install-dir .dotnet --no-path", output);
        Assert.Contains("went on with 10.0.123", output);

        var (again, silent) = await SourceAsync(server.Endpoint);
        Assert.Equal((0, "went on with 10.0.123\n"), (again, silent));
        Assert.Equal(1, server.Requests);
    }

    [Fact]
    public async Task An_sdk_that_fits_is_used_as_it_is()
    {
        await WriteProgramAsync("bin/dotnet", "echo 10.0.200");
        Assert.Equal((0, "went on with 10.0.200\n"), await SourceAsync(new Uri("http://127.0.0.1:1/")));
    }

    private async Task WriteProgramAsync(string name, string script)
    {
        await File.WriteAllTextAsync(checkout[name], $"#!/bin/bash\n{script}\n", Token);
        await ExternalProgram.RunAsync("chmod", ["+x", checkout[name]], Token);
    }

    private async Task<(int Code, string Output)> SourceAsync(Uri installScript)
    {
        var (code, output, _) = await ExternalProgram.TryRunAsync(
            "/bin/bash", ["-euo", "pipefail", "-c", $"cd '{checkout.Path}'; . ./dotnet-sdk; echo \"went on with $(dotnet --version)\""],
            Token,
            new Dictionary<string, string?>
            {
                ["PATH"] = checkout["bin"], ["NESTEGG_DOTNET_INSTALL"] = installScript.ToString(),
                ["DOTNET_ROOT"] = null
            });
        return (code, output);
    }
}
