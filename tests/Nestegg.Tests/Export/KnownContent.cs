using Nestegg.Ente.Library;
using Nestegg.Export;
using Nestegg.TestKit.Instances;

namespace Nestegg.Tests.Export;

/// <summary>The objects of a known instance, changed as a test likes.</summary>
internal sealed class KnownContent(KnownMoment moment) : IContentSource
{
    private readonly Lock counting = new();
    private int open;

    /// <summary>Gives other bytes, or none.</summary>
    public Func<LibraryFile, byte[], byte[]?>? Change { get; init; }

    public TimeSpan Delay { get; init; }

    public int MostOpen { get; private set; }

    public async Task<Stream?> OpenAsync(LibraryFile file, CancellationToken cancellationToken)
    {
        lock (counting)
        {
            MostOpen = Math.Max(MostOpen, ++open);
        }

        await Task.Delay(Delay, cancellationToken);
        lock (counting)
        {
            open--;
        }

        var path = moment.Paths[file.Content!.Value.Key];
        if (Change is null)
        {
            return File.OpenRead(path);
        }

        return Change(file, await File.ReadAllBytesAsync(path, cancellationToken)) is { } bytes ? new MemoryStream(bytes) : null;
    }
}
