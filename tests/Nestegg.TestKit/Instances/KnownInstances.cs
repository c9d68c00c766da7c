using Nestegg.TestKit.Sample;

namespace Nestegg.TestKit.Instances;

/// <summary>
/// The known instances, each made or read once for a run, by the first test that asks for it: the sample, which the project makes itself,
/// and the recorded one where it lies beside the source tree. An assembly fixture: a test class takes it as a constructor parameter.
/// </summary>
public sealed class KnownInstances : IAsyncDisposable
{
    /// <summary>Made by <see cref="SampleInstance"/>, which needs PostgreSQL.</summary>
    public const string Sample = "sample";

    /// <summary>A recording of the real programs; see <see cref="RecordedInstance"/>.</summary>
    public const string Recorded = "recorded";

    private readonly SemaphoreSlim making = new(1);
    private readonly TemporaryFolder folder = new();
    private readonly Dictionary<string, KnownInstance> instances = [];

    /// <summary>Those that tests can run on here.</summary>
    public static IReadOnlyList<string> Present { get; } = RecordedInstance.IsPresent ? [Sample, Recorded] : [Sample];

    /// <param name="name">One of <see cref="Present"/>.</param>
    public async Task<KnownInstance> OpenAsync(string name, CancellationToken cancellationToken)
    {
        await making.WaitAsync(cancellationToken);
        try
        {
            if (!instances.TryGetValue(name, out var instance))
            {
                instance = name == Recorded ? RecordedInstance.Read() : await SampleRecording.MakeAsync(folder[name], cancellationToken);
                instances.Add(name, instance);
            }

            return instance;
        }
        finally
        {
            making.Release();
        }
    }

    public ValueTask DisposeAsync()
    {
        making.Dispose();
        folder.Dispose();
        return ValueTask.CompletedTask;
    }
}
