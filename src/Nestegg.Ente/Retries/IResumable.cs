namespace Nestegg.Ente.Retries;

/// <summary>Something on a server that can be read from any byte on. Used by one reader.</summary>
internal interface IResumable
{
    /// <summary>One attempt to open what comes after so many bytes. It is still the same that was opened first, or this throws.</summary>
    Task<OpenedBody> OpenAsync(long offset, CancellationToken cancellationToken);

    /// <summary>What a failure of the server means to a person; null for what is none of the server's.</summary>
    Exception? Explain(Exception failure);
}

/// <summary>What a server sends, as it arrives. Disposing it closes the connection or gives it back.</summary>
/// <param name="content">From <paramref name="offset"/> on, from front to back.</param>
/// <param name="offset">The first byte's place in the whole; 0 when the server knows no ranges.</param>
/// <param name="end">Behind the last byte that may be read; null when the server did not say how long the whole is.</param>
/// <param name="response">Disposed with this.</param>
internal sealed class OpenedBody(Stream content, long offset, long? end, IDisposable response) : IDisposable
{
    public Stream Content => content;

    public long Offset => offset;

    public long? End => end;

    public void Dispose()
    {
        content.Dispose();
        response.Dispose();
    }
}
