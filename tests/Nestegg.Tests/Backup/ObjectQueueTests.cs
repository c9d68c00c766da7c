using Nestegg.Backup;
using Nestegg.Ente.Objects;

namespace Nestegg.Tests.Backup;

public class ObjectQueueTests
{
    [Fact]
    public void What_was_added_is_read_back_in_order_and_can_be_read_again()
    {
        NamedObject[] objects =
        [
            new("1580559962386438/a", ObjectKind.File, 5_000_000_000, null, SlotNames.Parse(
                "b2-eu-cen"), false, 1580559962386438, 10000001),
            new("7/file-data/9/mldata", ObjectKind.MlData, 12, 1_700_000_000_000_000, SlotNames.Parse("b2-eu-cen,b5"), true, 7, 9),
            new("7/é\t\n", ObjectKind.ProfilePicture, null, null, SlotNames.None, false, null, null),
        ];
        using var queue = ObjectQueue.Create();
        foreach (var item in objects)
        {
            queue.Add(item, $"not at {item.Slots}");
        }

        var expected = objects.Select(item => new QueuedObject(item, $"not at {item.Slots}"));
        Assert.Equal(expected, queue.Read());
        Assert.Equal(expected, queue.Read());
        Assert.Equal(3, queue.Count);
        Assert.Equal(5_000_000_012, queue.TotalBytes);
    }
}
