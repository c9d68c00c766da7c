using Nestegg.Ente.Library;

namespace Nestegg.Proof;

/// <summary>Counts and keeps what a proof finds. Holds the albums and the first 1,000 findings; the rest is passed on and counted. Used by several tasks at once.</summary>
internal sealed class ProofLog(IProgress<RunEvent> events)
{
    private const int KeptFindings = 1000;

    private readonly Lock _gate = new();
    private readonly List<Finding> _findings = [];
    private readonly SortedDictionary<long, AlbumProof> _albums = [];

    public ProofCounts Counts { get; } = new();

    public IReadOnlyList<Finding> Findings => _findings;

    public IReadOnlyList<AlbumProof> Albums => [.. _albums.Values];

    public void Count(Action<ProofCounts> count)
    {
        lock (_gate)
        {
            count(Counts);
        }
    }

    public void Add(Finding finding)
    {
        lock (_gate)
        {
            Counts.Errors += finding.Severity == Severity.Error ? 1 : 0;
            Counts.Warnings += finding.Severity == Severity.Warning ? 1 : 0;
            if (_findings.Count < KeptFindings)
            {
                _findings.Add(finding);
            }
        }

        events.Report(new FindingEvent(finding));
    }

    public void AddAlbum(Album album, bool withName)
    {
        lock (_gate)
        {
            Counts.Albums++;
            Counts.SharedAlbums += album.IsShared ? 1 : 0;
            _albums[album.Id] = new AlbumProof(album.Id, withName ? album.Name : null, album.IsShared);
        }
    }

    public void CountFile(LibraryFile file, bool isProved)
    {
        lock (_gate)
        {
            foreach (var album in file.Albums)
            {
                if (_albums.TryGetValue(album.Id, out var proof))
                {
                    proof.Files++;
                    proof.NotProved += isProved ? 0 : 1;
                }
            }
        }
    }
}
