namespace Nestegg.Ente.Library;

/// <summary>A place on Earth, in degrees.</summary>
/// <param name="Latitude">-90 to 90.</param>
/// <param name="Longitude">-180 to 180.</param>
public readonly record struct Location(double Latitude, double Longitude)
{
    /// <summary>A place that makes sense, or null. Ente's apps write (0, 0) for "unknown".</summary>
    internal static Location? From(double? latitude, double? longitude) =>
        latitude is >= -90 and <= 90 && longitude is >= -180 and <= 180 && (latitude != 0 || longitude != 0)
            ? new Location(latitude.Value, longitude.Value)
            : null;
}
