namespace Nestegg.Ente.Api;

/// <summary>
/// A response's body. When the connection breaks or falls silent, it asks for the rest and goes on, as long as every few attempts bring at least one byte.
/// What it gives is checked by whoever decrypts it: bytes of two answers that do not belong together are not authentic.
/// </summary>
internal sealed class ResumingStream : Stream
{
    private const int Attempts = 3;

    private readonly Func<long, CancellationToken, Task<HttpResponseMessage?>> _request;
    private readonly Func<int, CancellationToken, Task> _wait;
    private readonly SilenceLimit _silence;
    private HttpResponseMessage _response;
    private Stream _body;
    private long _position;

    private ResumingStream(
        HttpResponseMessage response, Stream body, Func<long, CancellationToken, Task<HttpResponseMessage?>> request, Func<int, CancellationToken, Task> wait, TimeSpan silence) =>
        (_response, _body, _request, _wait, _silence) = (response, body, request, wait, new SilenceLimit(silence));

    /// <param name="response">To the first request; disposed with this.</param>
    /// <param name="request">Asks for what follows so many bytes; a server may answer with all from the beginning.</param>
    /// <param name="wait">Between attempts; is given how many have failed in a row, from 0.</param>
    /// <param name="silence">How long to wait for a byte.</param>
    /// <param name="cancellationToken">Stops.</param>
    internal static async Task<ResumingStream> StartAsync(
        HttpResponseMessage response, Func<long, CancellationToken, Task<HttpResponseMessage?>> request, Func<int, CancellationToken, Task> wait, TimeSpan silence, CancellationToken cancellationToken) =>
        new(response, await response.Content.ReadAsStreamAsync(cancellationToken), request, wait, silence);

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        for (var failures = 0; ; failures++)
        {
            try
            {
                if (failures > 0)
                {
                    await ReopenAsync(cancellationToken);
                }

                var count = await _silence.ReadAsync(_body, buffer, cancellationToken);
                _position += count;
                return count;
            }
            catch (Exception exception) when (failures < Attempts && exception is IOException or HttpRequestException or TimeoutException)
            {
                await _wait(failures, cancellationToken);
            }
        }
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _response.Dispose();
            _silence.Dispose();
        }

        base.Dispose(disposing);
    }

    private async Task ReopenAsync(CancellationToken cancellationToken)
    {
        _response.Dispose();
        _response = await _request(_position, cancellationToken) ?? throw new MuseumException("an object was deleted while it was read", "run the command again");
        _body = await _response.Content.ReadAsStreamAsync(cancellationToken);
        var skipped = _response.StatusCode == System.Net.HttpStatusCode.PartialContent ? _position : 0;
        var discarded = new byte[64 * 1024];
        while (skipped < _position)
        {
            var count = await _silence.ReadAsync(_body, discarded.AsMemory(0, (int)Math.Min(discarded.Length, _position - skipped)), cancellationToken);
            skipped += count > 0 ? count : throw new IOException($"the object now ends at byte {skipped}");
        }
    }
}
