using Nestegg.Find;
using Nestegg.Repositories.Files;

namespace Nestegg.Tests.Export;

public class FoundHistoryTests
{
    [Fact]
    public void What_the_newest_snapshot_lacks_is_deleted_and_its_last_snapshot_is_told()
    {
        var days = Enumerable.Range(1, 3)
            .Select(day => SnapshotId.New(new DateTimeOffset(2026, 11, day, 0, 0, 0, TimeSpan.Zero), null, new Random(day))).ToList();
        var history = new FoundHistory();
        foreach (var day in days.AsEnumerable().Reverse())
        {
            history.Searched(day);
            history.Add(new FoundFile(1, "A", 1, "kept.jpg", 0, 1, day == days[2] ? "trash" : ""), day);
            if (day != days[2])
            {
                history.Add(new FoundFile(1, "A", 2, "gone.jpg", 0, 1, ""), day);
            }
        }

        var entries = history.Entries;
        Assert.Equal(["gone.jpg", "kept.jpg"], entries.Select(entry => entry.Found.Name));
        Assert.Equal([(days[0], days[1], "deleted"), (days[0], days[2], "trash")], entries.Select(
            entry => (entry.First, entry.Last, history.State(entry))));
    }
}
