namespace Nestegg.Ente.Api;

/// <summary>An app of Ente. A session token is good only for the app it was issued to.</summary>
/// <param name="Name">As in the database's column <c>app</c>.</param>
/// <param name="ClientPackage">The header <c>X-Client-Package</c> that makes museum issue a token for it.</param>
public sealed record EnteApp(string Name, string ClientPackage)
{
    /// <summary>Photos.</summary>
    public static EnteApp Photos { get; } = new("photos", "io.ente.photos.web");

    /// <summary>Auth.</summary>
    public static EnteApp Auth { get; } = new("auth", "io.ente.auth.web");

    /// <summary>Locker.</summary>
    public static EnteApp Locker { get; } = new("locker", "io.ente.locker.web");
}

/// <summary>Proof of being signed in. Not a record: its text is never printed.</summary>
internal sealed class SessionToken(EnteApp app, string value)
{
    internal EnteApp App => app;

    internal string Value => value;
}
