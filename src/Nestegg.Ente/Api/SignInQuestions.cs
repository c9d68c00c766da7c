namespace Nestegg.Ente.Api;

/// <summary>What a sign-in may have to ask a person. Each answer is used once.</summary>
/// <param name="EmailCode">The six digits that museum mailed (or, without SMTP, wrote to its log).</param>
/// <param name="TotpCode">The six digits that the authenticator app shows.</param>
public sealed record SignInQuestions(
    Func<CancellationToken, Task<string>> EmailCode, Func<CancellationToken, Task<string>> TotpCode);
