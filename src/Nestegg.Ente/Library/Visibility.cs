namespace Nestegg.Ente.Library;

/// <summary>How the owner wants an album or file to be shown. Values of newer apps are kept as they are.</summary>
public enum Visibility
{
    /// <summary>Shown.</summary>
    Visible = 0,

    /// <summary>Not in the main view.</summary>
    Archived = 1,

    /// <summary>Only behind the device's lock.</summary>
    Hidden = 2,
}
