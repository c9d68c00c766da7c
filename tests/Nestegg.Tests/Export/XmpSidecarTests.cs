using System.Text.Json;
using System.Xml.Linq;
using CsCheck;
using Nestegg.Ente.Library;
using Nestegg.Export;
using Nestegg.TestKit;

namespace Nestegg.Tests.Export;

public class XmpSidecarTests
{
    [Fact]
    public async Task Exiftool_finds_nothing_wrong_and_reads_everything_back()
    {
        var exiftool = ExternalProgram.Find("exiftool");
        Assert.SkipUnless(exiftool is not null, "exiftool is not installed");
        using var folder = new TemporaryFolder();
        await File.WriteAllBytesAsync(folder["a.xmp"], XmpSidecar.Write(
            "Weihnachten <½>.jpeg", "Christmas & grandma's 🎄\nsecond line", new Location(-33.8566, 2.3522), "2024-12-25T17:05:00Z"),
            TestContext.Current.CancellationToken);

        var validation = await ExternalProgram.RunAsync(
            exiftool!, ["-validate", "-warning", "-a", folder["a.xmp"]], TestContext.Current.CancellationToken);
        var output = await ExternalProgram.RunAsync(
            exiftool!, ["-j", "-c", "%+.6f", "-G1", "-XMP:all", folder["a.xmp"]], TestContext.Current.CancellationToken);

        Assert.Equal("Validate                        : OK", validation.Trim());
        var read = JsonDocument.Parse(output).RootElement[0];
        Assert.Equal("Weihnachten <½>.jpeg", read.GetProperty("XMP-dc:Title").GetString());
        Assert.Equal("Christmas & grandma's 🎄\nsecond line", read.GetProperty("XMP-dc:Description").GetString());
        Assert.Equal(-33.8566, read.GetProperty("XMP-exif:GPSLatitude").GetDouble(), 1e-6);
        Assert.Equal("+2.352200", read.GetProperty("XMP-exif:GPSLongitude").ToString());
        Assert.Equal("2024:12:25 17:05:00Z", read.GetProperty("XMP-xmp:CreateDate").GetString());
        Assert.Equal("2024:12:25 17:05:00Z", read.GetProperty("XMP-photoshop:DateCreated").GetString());
    }

    [Theory]
    [InlineData("2024-12-25T18:05:00", "+01:00", "2024-12-25T18:05:00+01:00")]
    [InlineData("2024-12-25T18:05:00.5", null, "2024-12-25T18:05:00")]
    [InlineData("2024-12-25T18:05:00", "nonsense", "2024-12-25T18:05:00")]
    [InlineData("yesterday", null, "2024-12-25T17:05:00Z")]
    [InlineData(null, "+01:00", "2024-12-25T17:05:00Z")]
    public void The_time_is_what_a_clock_on_the_wall_showed_when_that_is_known(string? wallClock, string? offset, string time) =>
        Assert.Equal(time, XmpSidecar.Time(wallClock, offset, 1735146300000000));

    [Fact]
    public void Any_text_makes_well_formed_XML() =>
        Gen.Select(Gen.String, Gen.String, Gen.Double[-90, 90], Gen.Double[-180, 180]).Sample((title, caption, latitude, longitude) =>
            XDocument.Load(new MemoryStream(XmpSidecar.Write(title, caption, new Location(latitude, longitude), null))));
}
