using System.Globalization;
using System.Net;
using Amazon.Runtime;
using Amazon.S3.Model;

namespace Nestegg.Stores.S3;

/// <summary>
/// Asks how a bucket is set up. Nothing fails: what a store does not tell is an answer, too. All of it takes ten seconds at most.
/// </summary>
internal sealed class BucketInquiry(BucketRequests bucket)
{
    private const int MostRules = 1000;
    private const string Everybody = "http://acs.amazonaws.com/groups/global/AllUsers";

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    private readonly string name = bucket.Bucket;

    public async Task<BucketSettings> AskAsync(CancellationToken cancellationToken)
    {
        var cors = AskCorsAsync(cancellationToken);
        var versioning = AskAsync(VersioningAsync, cancellationToken);
        var lifecycle = AskAsync(LifecycleAsync, cancellationToken);
        var objectLock = AskAsync(ObjectLockAsync, cancellationToken);
        var isPolicyPublic = AskAsync(IsPolicyPublicAsync, cancellationToken);
        var grants = await AskAsync(GrantsAsync, cancellationToken);
        var policy = await isPolicyPublic;
        return new BucketSettings(await cors, await versioning, await lifecycle, await objectLock, PublicAccess(grants, policy));
    }

    public Task<BucketSetting<IReadOnlyList<CorsRule>>> AskCorsAsync(CancellationToken cancellationToken) =>
        AskAsync(CorsAsync, cancellationToken);

    private async Task<IReadOnlyList<CorsRule>?> CorsAsync(CancellationToken cancellationToken)
    {
        var answer = await bucket.Client.GetCORSConfigurationAsync(
            new GetCORSConfigurationRequest { BucketName = name }, cancellationToken);
        return Some(answer.Configuration?.Rules?.Select(rule => new CorsRule(
            rule.AllowedOrigins ?? [], rule.AllowedMethods ?? [], rule.AllowedHeaders ?? [], rule.ExposeHeaders ?? [],
            rule.MaxAgeSeconds)));
    }

    private async Task<string?> VersioningAsync(CancellationToken cancellationToken)
    {
        var answer = await bucket.Client.GetBucketVersioningAsync(new GetBucketVersioningRequest { BucketName = name }, cancellationToken);
        return answer.VersioningConfig?.Status?.Value is { } status and not ("Off" or "") ? status : null;
    }

    private async Task<IReadOnlyList<LifecycleRule>?> LifecycleAsync(CancellationToken cancellationToken)
    {
        var answer = await bucket.Client.GetLifecycleConfigurationAsync(
            new GetLifecycleConfigurationRequest { BucketName = name }, cancellationToken);
        return Some(answer.Configuration?.Rules?.Select(Read));
    }

    private async Task<BucketLock?> ObjectLockAsync(CancellationToken cancellationToken)
    {
        var answer = await bucket.Client.GetObjectLockConfigurationAsync(
            new GetObjectLockConfigurationRequest { BucketName = name }, cancellationToken);
        if (answer.ObjectLockConfiguration is not { ObjectLockEnabled.Value: "Enabled" } found)
        {
            return null;
        }

        var retention = found.Rule?.DefaultRetention;
        return new BucketLock(retention?.Mode?.Value, retention?.Days, retention?.Years);
    }

    private async Task<string?> IsPolicyPublicAsync(CancellationToken cancellationToken)
    {
        var answer = await bucket.Client.GetBucketPolicyStatusAsync(
            new GetBucketPolicyStatusRequest { BucketName = name }, cancellationToken);
        return answer.PolicyStatus?.IsPublic == true ? "public" : null;
    }

    private async Task<IReadOnlyList<string>?> GrantsAsync(CancellationToken cancellationToken)
    {
        var answer = await bucket.Client.GetBucketAclAsync(new GetBucketAclRequest { BucketName = name }, cancellationToken);
        return Some(answer.Grants?.Where(grant => grant.Grantee?.URI == Everybody).Select(grant => grant.Permission?.Value ?? ""));
    }

    // Two settings decide; everybody is let in when either says so.
    private static BucketSetting<PublicAccess> PublicAccess(BucketSetting<IReadOnlyList<string>> grants, BucketSetting<string> policy)
    {
        if (grants.Answer == SettingAnswer.Set || policy.Answer == SettingAnswer.Set)
        {
            return new(SettingAnswer.Set, new PublicAccess(grants.Value ?? [], policy.Value is not null), null);
        }

        return grants.Answer == SettingAnswer.Absent ? new(policy.Answer, null, policy.Why) : new(grants.Answer, null, grants.Why);
    }

    private static LifecycleRule Read(Amazon.S3.Model.LifecycleRule rule) => new()
    {
        Id = rule.Id ?? "",
        IsEnabled = rule.Status?.Value == "Enabled",
        Prefix = rule.Filter?.Prefix ?? rule.Filter?.And?.Prefix
            ?? Conditions(rule).OfType<LifecyclePrefixPredicate>().FirstOrDefault()?.Prefix ?? OldPrefix(rule),
        IsByTag = rule.Filter?.Tag is not null || rule.Filter?.And?.Tags is { Count: > 0 }
            || Conditions(rule).Any(condition => condition is LifecycleTagPredicate),
        ExpirationDays = rule.Expiration?.Days,
        ExpirationDate = rule.Expiration?.Date is { } date ? new DateTimeOffset(date.ToUniversalTime()) : null,
        NoncurrentDays = rule.NoncurrentVersionExpiration?.NoncurrentDays,
        AbortUploadDays = rule.AbortIncompleteMultipartUpload?.DaysAfterInitiation,
        Transitions = [.. (rule.Transitions ?? []).Select(move => move.StorageClass?.Value ?? "")],
    };

    // The SDK has two ways to say the same, and fills in either.
    private static List<LifecycleFilterPredicate> Conditions(Amazon.S3.Model.LifecycleRule rule) =>
        rule.Filter?.LifecycleFilterPredicate switch
        {
            null => [],
            LifecycleAndOperator and => and.Operands,
            var one => [one],
        };

#pragma warning disable CS0618 // Obsolete for rules to be made; old ones still have it.
    private static string OldPrefix(Amazon.S3.Model.LifecycleRule rule) => rule.Prefix ?? "";
#pragma warning restore CS0618

    private static List<T>? Some<T>(IEnumerable<T>? items) => items?.ToList() is { Count: > 0 } list ? list : null;

    private async Task<BucketSetting<T>> AskAsync<T>(
        Func<CancellationToken, Task<T?>> ask, CancellationToken cancellationToken) where T : class
    {
        using var clock = new CancellationTokenSource(Limit, bucket.Time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(clock.Token, cancellationToken);
        try
        {
            var value = await bucket.Retries.RunAsync(ask, Limit, limit.Token);
            return value switch
            {
                null => new(SettingAnswer.Absent, null, null),
                System.Collections.ICollection { Count: > MostRules } => new(SettingAnswer.Failed, null, $"more than {MostRules:N0} rules"),
                _ => new(SettingAnswer.Set, value, null),
            };
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new(SettingAnswer.Failed, null, $"no answer within {Limit.TotalSeconds:0} s");
        }
        catch (Exception failure) when (S3Failure.IsOfStore(failure))
        {
            var answer = Judge(failure);
            return new(answer, null, answer == SettingAnswer.Absent ? null : Why(failure));
        }
    }

    private static SettingAnswer Judge(Exception failure) => failure switch
    {
        AmazonServiceException { ErrorCode: "NoSuchBucket" } => SettingAnswer.Failed,
        AmazonServiceException { StatusCode: HttpStatusCode.NotFound } => SettingAnswer.Absent,
        AmazonServiceException { StatusCode: HttpStatusCode.NotImplemented or HttpStatusCode.MethodNotAllowed }
            or AmazonServiceException { ErrorCode: "NotImplemented" or "MethodNotAllowed" } => SettingAnswer.NotImplemented,
        AmazonServiceException { StatusCode: HttpStatusCode.Forbidden or HttpStatusCode.Unauthorized } => SettingAnswer.NotAllowed,
        _ => SettingAnswer.Failed,
    };

    private string Why(Exception failure) => failure is AmazonServiceException { StatusCode: not 0 } answer
        ? string.Create(CultureInfo.InvariantCulture, $"{(int)answer.StatusCode} {answer.ErrorCode}").TrimEnd()
        : S3Failure.Describe(bucket.Endpoint, name, failure).What;
}
