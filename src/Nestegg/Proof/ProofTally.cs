using Nestegg.Ente.Library;
using Nestegg.Repositories;

namespace Nestegg.Proof;

/// <summary>Counts what a proof opens, by album as well. Used by several tasks at once.</summary>
/// <param name="log">Where the findings of this proof go.</param>
internal sealed class ProofTally(RunLog log)
{
    private readonly Lock gate = new();
    private readonly SortedDictionary<long, AlbumProof> albums = [];

    public RunLog Log => log;

    public ProofCounts Counts { get; } = new();

    public IReadOnlyList<AlbumProof> Albums => [.. albums.Values];

    public void Count(Action<ProofCounts> count)
    {
        lock (gate)
        {
            count(Counts);
        }
    }

    public void AddAlbum(Album album, bool withName)
    {
        lock (gate)
        {
            Counts.Albums++;
            Counts.SharedAlbums += album.IsShared ? 1 : 0;
            albums[album.Id] = new AlbumProof(album.Id, withName ? album.Name : null, album.IsShared);
        }
    }

    public void CountFile(LibraryFile file, bool isProved)
    {
        lock (gate)
        {
            foreach (var album in file.Albums)
            {
                if (albums.TryGetValue(album.Id, out var proof))
                {
                    proof.Files++;
                    proof.NotProved += isProved ? 0 : 1;
                }
            }
        }
    }
}
