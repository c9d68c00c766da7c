using Nestegg.Ente.Scratch;

namespace Nestegg.Repositories.Files;

/// <summary>
/// What is acted on while it is read must have been compared before: a copy of a stored item in a temporary file of this process alone, as
/// it is stored, so a secret stays encrypted there. The store can change or swap the item as it likes; it is not asked a second time.
/// </summary>
internal static class VerifiedCopy
{
    private const int BlockBytes = 512 * 1024;

    /// <param name="stored">The whole item; disposed here.</param>
    /// <returns>The copy, from its beginning.</returns>
    /// <exception cref="NesteggException"><see cref="FailureKind.Damaged"/> when it is not what it should be.</exception>
    public static async Task<Stream> OfAsync(VerifyingStream stored, CancellationToken cancellationToken)
    {
        await using var item = stored;
        var copy = ScratchFile.Create(bufferBytes: 0);
        try
        {
            await item.CopyToAsync(copy, BlockBytes, cancellationToken);
            copy.Position = 0;
            return copy;
        }
        catch
        {
            await copy.DisposeAsync();
            throw;
        }
    }
}
