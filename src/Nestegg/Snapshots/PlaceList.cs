using System.Text;
using Nestegg.Ente.Configuration;

namespace Nestegg.Snapshots;

/// <summary><c>places.tsv</c> of the configuration's tar: where the configuration looks for what stands elsewhere in it.</summary>
internal static class PlaceList
{
    public const string Name = "places.tsv";

    public static string Write(IEnumerable<InstancePlace> places) =>
        string.Concat(places.Where(place => IsPlace(place.Place)).Select(place => $"{place.RelativePath}\t{place.Place}\n"));

    /// <param name="content">UTF-8.</param>
    /// <param name="files">The files that are there.</param>
    /// <exception cref="InvalidDataException">A line is none that <see cref="Write"/> wrote.</exception>
    public static IReadOnlyList<InstancePlace> Read(byte[] content, IReadOnlyCollection<SavedFile> files)
    {
        var places = new List<InstancePlace>();
        foreach (var line in Encoding.UTF8.GetString(content).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.Split('\t') is not [var path, var place] || !IsThere(path, files) || !IsPlace(place))
            {
                throw new InvalidDataException($"`{line}` in {Name} names no place of a file");
            }

            places.Add(new InstancePlace(path, place));
        }

        return places;
    }

    private static bool IsThere(string path, IReadOnlyCollection<SavedFile> files) =>
        files.Any(file => file.RelativePath == path || file.RelativePath.StartsWith(path + "/", StringComparison.Ordinal));

    // It is said to a person, who may type it; nothing is written there. `..` stands at the beginning of a relative one or nowhere.
    private static bool IsPlace(string place)
    {
        var parts = place.StartsWith('/') ? place.Split('/').Skip(1) : place.Split('/').SkipWhile(part => part == "..");
        return parts.Any() && parts.All(part => part is not ("" or "." or "..") && !part.Any(c => c == '\\' || char.IsControl(c)));
    }
}
