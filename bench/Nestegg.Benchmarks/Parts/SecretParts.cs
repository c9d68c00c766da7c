using System.Security.Cryptography;
using BenchmarkDotNet.Attributes;
using Nestegg.Formats.Age;
using Nestegg.Repositories.Files;

namespace Nestegg.Benchmarks.Parts;

/// <summary>What a dump goes through on its way into the repository.</summary>
public class SecretParts
{
    private byte[] dump = [];

    // Rows of base64, as the tables that hold keys and encrypted metadata are.
    [GlobalSetup]
    public void MakeDump() => dump = System.Text.Encoding.ASCII.GetBytes(
        Convert.ToBase64String(RandomNumberGenerator.GetBytes(12 << 20), Base64FormattingOptions.InsertLineBreaks));

    [Benchmark]
    public void Zstd()
    {
        using var output = ZstdWriter.Over(Stream.Null);
        output.Write(dump);
    }

    [Benchmark]
    public async Task Age()
    {
        using var identity = AgeIdentity.Generate();
        await using var output = await AgeWriter.CreateAsync(Stream.Null, [identity.Recipient], CancellationToken.None);
        await output.WriteAsync(dump);
        await output.CompleteAsync(CancellationToken.None);
    }
}
