using System.Reflection;
using Xunit.Sdk;
using Xunit.v3;

namespace Nestegg.IntegrationTests;

/// <summary>A row of a theory that takes many minutes and gigabytes: it is there only with <c>NESTEGG_LONG_TESTS=1</c>.</summary>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
public sealed class LongDataAttribute(params object[] arguments) : DataAttribute
{
    /// <summary>For a test that is short or long.</summary>
    public static bool IsOn => Environment.GetEnvironmentVariable("NESTEGG_LONG_TESTS") == "1";

    public object[] Arguments => arguments;

    public override ValueTask<IReadOnlyCollection<ITheoryDataRow>> GetData(MethodInfo testMethod, DisposalTracker disposalTracker) =>
        new(IsOn ? [new TheoryDataRow(arguments)] : []);

    public override bool SupportsDiscoveryEnumeration() => true;
}
