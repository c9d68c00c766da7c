using System.Reflection;
using Nestegg.TestKit.Instances;
using Nestegg.TestKit.Servers;
using Xunit.Sdk;
using Xunit.v3;

[assembly: AssemblyFixture(typeof(KnownInstances))]

namespace Nestegg.TestKit.Instances;

/// <summary>
/// Runs a theory on each known instance that is there: the first argument is its name, for <see cref="KnownInstances.OpenAsync"/>, the
/// others are those given here. What runs on the recorded instance has the trait <c>instance=recorded</c>, and is not there where it is
/// not.
/// </summary>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
public sealed class InstanceDataAttribute(params object[] more) : DataAttribute
{
    /// <summary>Only this instance, for what the others do not have.</summary>
    public string? Only { get; set; }

    /// <summary>It takes minutes and shows the same on any instance: beyond the sample it runs with the long tests alone.</summary>
    public bool IsLong { get; set; }

    public object[] More => more;

    public override ValueTask<IReadOnlyCollection<ITheoryDataRow>> GetData(MethodInfo testMethod, DisposalTracker disposalTracker) =>
        new([.. KnownInstances.Present.Where(IsWanted).Select(Row)]);

    public override bool SupportsDiscoveryEnumeration() => true;

    private bool IsWanted(string name) =>
        (Only is null || name == Only)
        && (!IsLong || name == KnownInstances.Sample || Environment.GetEnvironmentVariable("NESTEGG_LONG_TESTS") == "1");

    private TheoryDataRow Row(string name)
    {
        var row = new TheoryDataRow([name, .. more]) { Skip = name == KnownInstances.Sample ? PostgresServer.MissingReason : null };
        return name == KnownInstances.Recorded ? row.WithTrait("instance", name) : row;
    }
}
