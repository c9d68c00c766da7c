using Nestegg.Instance.Preflights;
using Nestegg.Repositories.Manifests;
using Nestegg.Stores.S3;

namespace Nestegg.Tests.Instance;

public class BucketLifecycleTests
{
    [Theory]
    [InlineData("", true, false, "30 days after they were written:")]
    [InlineData("15", true, false, "30 days after they were written whose keys begin with 15:")]
    [InlineData("", false, false, null)]
    [InlineData("", true, true, null)]
    [InlineData("tmp/", true, false, null)]
    public void A_rule_that_deletes_what_museum_needs_is_warned_of(string prefix, bool isEnabled, bool isByTag, string? words)
    {
        var findings = Judge(new LifecycleRule
        {
            Id = "r", Prefix = prefix, IsEnabled = isEnabled, IsByTag = isByTag, ExpirationDays = 30,
        });
        Assert.Equal(words is null ? [] : ["lifecycle-deletes"], findings.Select(finding => finding.Code));
        Assert.All(findings, finding =>
        {
            Assert.Equal((Severity.Warning, "b2-eu-cen"), (finding.Severity, finding.Subject));
            Assert.Contains(words!, finding.Message);
        });
    }

    [Fact]
    public void A_date_counts_and_old_versions_and_uploads_do_not()
    {
        var date = new LifecycleRule { IsEnabled = true, ExpirationDate = new DateTimeOffset(2027, 1, 2, 0, 0, 0, TimeSpan.Zero) };
        Assert.Contains("on 2027-01-02", Assert.Single(Judge(date)).Message);
        Assert.Empty(Judge(new LifecycleRule { IsEnabled = true, NoncurrentDays = 1, AbortUploadDays = 1 }));
    }

    private static Finding[] Judge(LifecycleRule rule)
    {
        IReadOnlyList<LifecycleRule> rules = [rule];
        var settings = new BucketSettings(
            Nothing<IReadOnlyList<CorsRule>>(), Nothing<string>(), new(SettingAnswer.Set, rules, null), Nothing<BucketLock>(),
            Nothing<PublicAccess>());
        return [.. PreflightBucketSettings.Judge(new ManifestBucket("b2-eu-cen", "photos", settings))];
    }

    private static BucketSetting<T> Nothing<T>() where T : class => new(SettingAnswer.Absent, null, null);
}
