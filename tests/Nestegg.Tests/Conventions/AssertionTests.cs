using System.Diagnostics;

namespace Nestegg.Tests.Conventions;

/// <summary>In Debug the sources say with <c>Debug.Assert</c> what always holds.</summary>
public sealed class AssertionTests
{
    // Trace takes the same way as Debug, and is there in Release too.
    [Fact]
    public void An_assertion_that_fails_fails_its_test_with_its_sentence()
    {
        var failure = Assert.ThrowsAny<Exception>(() => Trace.Assert(condition: false, "What always holds."));

        Assert.Contains("What always holds.", failure.Message, StringComparison.Ordinal);
    }
}
