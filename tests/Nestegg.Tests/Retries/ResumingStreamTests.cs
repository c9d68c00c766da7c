using CsCheck;
using Nestegg.Ente;
using Nestegg.Ente.Retries;
using Nestegg.TestKit;

namespace Nestegg.Tests.Retries;

public sealed class ResumingStreamTests
{
    private static readonly RetryRules Rules = new(
        [TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2)],
        outcome => outcome.Exception is IOException or TimeoutException ? new PassingFailure(2) : null);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>
    /// Bytes come whole, whatever a server does, as long as every three attempts bring one; they are never more, fewer or others.
    /// </summary>
    [Fact]
    public Task Whatever_breaks_the_bytes_are_whole_or_the_reader_is_told() =>
        Gen.Select(Gen.Byte.Array[1, 300], Gen.Int[0, 40].Array[60], Gen.Bool, Gen.Bool).SampleAsync(
        async (content, cuts, knowsRanges, saysLength) =>
        {
            var server = new Server(content) { Cuts = cuts, KnowsRanges = knowsRanges, SaysLength = saysLength };
            await using var stream = await server.OpenAsync();
            var received = new MemoryStream();
            var failure = await Record.ExceptionAsync(() => stream.CopyToAsync(received, Token));
            Assert.True(content.AsSpan().StartsWith(received.ToArray()), "other bytes than the server's");
            Assert.Equal(failure is null, received.Length == content.Length);
            Assert.True(failure is null or ExplainedException, failure?.ToString());
            var asked = server.Openings.Skip(1).Zip(server.Openings.Skip(3));
            Assert.All(asked, pair => Assert.True(pair.First < pair.Second, "asked again without progress"));
        }, iter: 300);

    [Fact]
    public async Task A_body_that_ends_early_without_a_failure_is_not_taken_for_the_whole()
    {
        var server = new Server(new byte[100]) { Cuts = [40], EndsQuietly = true };
        await using var stream = await server.OpenAsync();
        var received = new MemoryStream();
        await stream.CopyToAsync(received, Token);
        Assert.Equal(100, received.Length);
        Assert.Equal([0, 40], server.Openings);
    }

    [Fact]
    public async Task A_body_that_has_another_length_when_it_is_opened_again_is_not_patched_together()
    {
        var server = new Server(new byte[100]) { Cuts = [40] };
        await using var stream = await server.OpenAsync();
        server.Content = new byte[90];
        var failure = await Assert.ThrowsAsync<ExplainedException>(() => stream.CopyToAsync(Stream.Null, Token));
        Assert.Contains("it had 100 bytes when it was opened and has 90 now", failure.Message);
    }

    [Fact]
    public async Task An_answer_that_begins_too_late_is_not_patched_together()
    {
        var server = new Server(new byte[100]) { Cuts = [40], Beyond = 1 };
        await using var stream = await server.OpenAsync();
        var failure = await Assert.ThrowsAsync<ExplainedException>(() => stream.CopyToAsync(Stream.Null, Token));
        Assert.Contains("byte 40 was asked for and byte 41 came", failure.Message);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(100)]
    [InlineData(1000)]
    public async Task A_first_answer_that_begins_too_late_is_not_taken_for_the_whole(int beyond)
    {
        var server = new Server(new byte[100]) { BeginsBeyond = true, Beyond = beyond };
        await using var stream = await server.OpenAsync();
        var failure = await Assert.ThrowsAsync<ExplainedException>(() => stream.CopyToAsync(Stream.Null, Token));
        Assert.Contains($"byte 0 was asked for and byte {beyond} came", failure.Message);
    }

    [Fact]
    public async Task Silence_is_a_failure_like_any_other()
    {
        var server = new Server(new byte[100]) { Cuts = [40], FallsSilent = true };
        await using var stream = await server.OpenAsync();
        var received = new MemoryStream();
        await stream.CopyToAsync(received, Token);
        Assert.Equal([0, 40], server.Openings);
    }

    [Fact]
    public async Task A_failure_that_is_none_of_the_server_s_is_thrown_as_it_is()
    {
        var server = new Server(new byte[100]) { Cuts = [40], Failure = new InvalidOperationException("a bug") };
        await using var stream = await server.OpenAsync();
        Assert.Same(server.Failure, await Assert.ThrowsAsync<InvalidOperationException>(() => stream.CopyToAsync(Stream.Null, Token)));
        Assert.Equal([0], server.Openings);
    }

    [Fact]
    public async Task All_that_was_opened_is_closed()
    {
        var server = new Server(new byte[100]) { Cuts = [40, 10, 0, 5] };
        await using (var stream = await server.OpenAsync())
        {
            await stream.CopyToAsync(Stream.Null, Token);
        }

        Assert.Equal(server.Openings.Count, server.Closed);
    }

    private sealed class ExplainedException(Exception cause) : Exception(cause.Message, cause);

    /// <summary>Sends so many bytes of each answer and breaks; without a fault when the cuts are used up.</summary>
    private sealed class Server(byte[] content) : IResumable
    {
        public byte[] Content { get; set; } = content;

        public int[] Cuts { get; init; } = [];

        public bool KnowsRanges { get; init; } = true;

        public bool SaysLength { get; init; } = true;

        /// <summary>How far behind the byte that was asked for an answer begins.</summary>
        public int Beyond { get; init; }

        /// <summary>The first answer does, too.</summary>
        public bool BeginsBeyond { get; init; }

        public bool EndsQuietly { get; init; }

        public bool FallsSilent { get; init; }

        public Exception Failure { get; init; } = new IOException("cut");

        public List<long> Openings { get; } = [];

        public int Closed { get; private set; }

        public async Task<Stream> OpenAsync()
        {
            var time = new TestTime(haste: 1000, limits: FallsSilent ? 1000 : 1);
            var silence = new SilenceLimit(TimeSpan.FromSeconds(100), time);
            return new ResumingStream(this, await OpenAsync(0, Token), 0, new RequestRetries(Rules, time), silence);
        }

        public Task<OpenedBody> OpenAsync(long offset, CancellationToken cancellationToken)
        {
            var begin = KnowsRanges && (offset > 0 || BeginsBeyond) ? offset + Beyond : 0;
            var cut = Openings.Count < Cuts.Length ? Cuts[Openings.Count] : int.MaxValue;
            Openings.Add(offset);
            var body = new Body(this, begin, cut);
            return Task.FromResult(new OpenedBody(body, begin, SaysLength ? Content.Length : null, new Response(this)));
        }

        public Exception? Explain(Exception failure) => failure is IOException or TimeoutException ? new ExplainedException(failure) : null;

        private sealed class Response(Server server) : IDisposable
        {
            public void Dispose() => server.Closed++;
        }

        private sealed class Body(Server server, long position, int left) : ReadOnlyStream
        {
            private long at = position;
            private int leftBytes = left;

            public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
            {
                var count = (int)Math.Min(Math.Min(buffer.Length, leftBytes), server.Content.Length - at);
                if (count == 0 && at < server.Content.Length && !server.EndsQuietly)
                {
                    if (server.FallsSilent)
                    {
                        await Task.Delay(Timeout.Infinite, cancellationToken);
                    }

                    throw server.Failure;
                }

                server.Content.AsMemory((int)at, count).CopyTo(buffer);
                (at, leftBytes) = (at + count, leftBytes - count);
                return count;
            }
        }
    }
}
