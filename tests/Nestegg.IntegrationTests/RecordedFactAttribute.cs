using System.Runtime.CompilerServices;
using Nestegg.TestKit.Instances;
using Xunit.Sdk;
using Xunit.v3;

namespace Nestegg.IntegrationTests;

/// <summary>A test of the recorded instance alone: it has the trait <c>instance=recorded</c>, and is not there where that is not.</summary>
[AttributeUsage(AttributeTargets.Method)]
[XunitTestCaseDiscoverer(typeof(RecordedFactDiscoverer))]
public sealed class RecordedFactAttribute([CallerFilePath] string? file = null, [CallerLineNumber] int line = -1)
    : FactAttribute(file, line), ITraitAttribute
{
    public IReadOnlyCollection<KeyValuePair<string, string>> GetTraits() => [new("instance", KnownInstances.Recorded)];
}

internal sealed class RecordedFactDiscoverer : FactDiscoverer
{
    public override ValueTask<IReadOnlyCollection<IXunitTestCase>> Discover(
        ITestFrameworkDiscoveryOptions discoveryOptions, IXunitTestMethod testMethod, IFactAttribute factAttribute) =>
        RecordedInstance.IsPresent ? base.Discover(discoveryOptions, testMethod, factAttribute) : new([]);
}
