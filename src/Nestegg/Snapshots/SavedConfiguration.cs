using System.Security.Cryptography;
using System.Text;
using Nestegg.Ente.Configuration;

namespace Nestegg.Snapshots;

/// <summary>A file of the old instance's folder.</summary>
internal sealed record SavedFile(string RelativePath, byte[] Content);

/// <summary>What a snapshot holds of the configuration. Held in memory, which is as large as those files; zeroed when disposed.</summary>
/// <param name="files">The files as they lay in the instance's folder.</param>
/// <param name="effective">The settings that museum saw, as one YAML file.</param>
/// <param name="places">Where the configuration looks for those that stand elsewhere; empty for a snapshot that does not say.</param>
internal sealed class SavedConfiguration(IReadOnlyList<SavedFile> files, byte[] effective, IReadOnlyList<InstancePlace> places)
    : IDisposable
{
    public IReadOnlyList<SavedFile> Files => files;

    public IReadOnlyList<InstancePlace> Places => places;

    public string EffectiveYaml => Encoding.UTF8.GetString(effective);

    /// <summary>What museum saw when the snapshot was taken.</summary>
    public MuseumConfiguration Effective =>
        MuseumConfiguration.Create([("effective.yaml", EffectiveYaml)], [new EnvironmentVariable("ENVIRONMENT", "none", "")]);

    public void Dispose()
    {
        foreach (var file in files)
        {
            CryptographicOperations.ZeroMemory(file.Content);
        }

        CryptographicOperations.ZeroMemory(effective);
    }
}
