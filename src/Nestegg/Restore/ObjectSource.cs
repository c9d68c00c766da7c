using Nestegg.Ente;
using Nestegg.Repositories;
using Nestegg.Repositories.Index;

namespace Nestegg.Restore;

/// <summary>
/// An object of the repository on its way to a target. Keeps what reading it failed with, to be told from what the target fails with.
/// </summary>
internal sealed class ObjectSource(Repository repository, IndexRow row)
{
    /// <summary>Why it could not be read to its end; null while it could.</summary>
    public NesteggException? Failure { get; private set; }

    /// <summary>Opens it from its beginning; its length and hash are compared when it ends.</summary>
    public async Task<Stream> OpenAsync(CancellationToken cancellationToken)
    {
        try
        {
            return new WatchedStream(await repository.OpenObjectAsync(row, cancellationToken), this);
        }
        catch (NesteggException failure)
        {
            Failure = failure;
            throw;
        }
    }

    private sealed class WatchedStream(Stream inner, ObjectSource source) : ReadOnlyStream
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            try
            {
                return await inner.ReadAsync(buffer, cancellationToken);
            }
            catch (NesteggException failure)
            {
                source.Failure = failure;
                throw;
            }
        }

        public override async ValueTask DisposeAsync()
        {
            await inner.DisposeAsync();
            await base.DisposeAsync();
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                inner.Dispose();
            }

            base.Dispose(disposing);
        }
    }
}
