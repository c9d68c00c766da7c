using System.Text;
using CsCheck;
using Nestegg.Export;

namespace Nestegg.Tests.Export;

public class ExportNameTests
{
    private static readonly ExportName Names = new(ForWindows: false);
    private static readonly string[] Hostile =
        ["../../x", "..", ".", "", "/", "//", "C:\\x", "\\\\host\\share", "CON", "a/..", "~", "\u202Egpj.exe"];

    private static readonly ExportName WindowsNames = new(ForWindows: true);

    [Theory]
    [InlineData("Japan 2023", "Japan 2023")]
    [InlineData("Trip: Rome/Paris? 2024 <3", "Trip_ Rome_Paris? 2024 <3")]
    [InlineData(".hidden", ".hidden")]
    [InlineData("  Été à la plage ", "Été à la plage")]
    [InlineData("a//b/./c/../d", "a_b_d")]
    [InlineData("../../x", ".._.._x")]
    [InlineData("/etc", "_etc")]
    [InlineData("", "_")]
    [InlineData("..", "_")]
    [InlineData("  ", "_")]
    [InlineData("a\\b\u202Ec\nd", "a_b_c_d")]
    [InlineData("Ends with dots...", "Ends with dots")]
    public void Album_names_become_folders(string album, string folder) => Assert.Equal(folder, Names.Folder(album));

    [Theory]
    [InlineData("IMG_1.JPG", "IMG_1", ".JPG")]
    [InlineData("trailing dot..jpg", "trailing dot.", ".jpg")]
    [InlineData(".nomedia", "", ".nomedia")]
    [InlineData("no extension", "no extension", "")]
    [InlineData("../../x", "x", "")]
    [InlineData("/etc/passwd.jpg", "passwd", ".jpg")]
    public void Titles_split_before_their_last_dot(string title, string stem, string extension) =>
        Assert.Equal((stem, extension), ExportName.Split(title));

    [Theory]
    [InlineData("con.jpg", 0, "con.jpg")]
    [InlineData("a.jpg", 2, "a_2.jpg")]
    [InlineData("a.jpg. ", 0, "a.jpg")]
    [InlineData("...", 0, "_")]
    [InlineData("", 1, "_1")]
    public void Titles_become_names(string title, int number, string name)
    {
        var (stem, extension) = ExportName.Split(title);
        Assert.Equal(name, Names.Numbered(stem, extension, number));
    }

    [Theory]
    [InlineData("con.jpg", "_con.jpg")]
    [InlineData("COM1", "_COM1")]
    [InlineData("nul .txt", "_nul .txt")]
    [InlineData("console.jpg", "console.jpg")]
    [InlineData("a:b*c?.jpg", "a_b_c_.jpg")]
    public void What_only_Windows_cannot_hold_is_mended_when_asked(string title, string name)
    {
        var (stem, extension) = ExportName.Split(title);
        Assert.Equal(name, WindowsNames.Numbered(stem, extension, 0));
    }

    [Fact]
    public void A_long_name_is_cut_between_characters_and_keeps_its_extension()
    {
        var (stem, extension) = ExportName.Split(string.Concat(Enumerable.Repeat("🎉", 5000)) + ".jpeg");
        var name = Names.Numbered(stem, extension, 12, ".json".Length);
        Assert.EndsWith("🎉_12.jpeg", name);
        Assert.InRange(Encoding.UTF8.GetByteCount(name), 247, 250);
    }

    [Fact]
    public void A_number_is_never_cut_off() =>
        Assert.StartsWith("x_34.", Names.Numbered("x", "." + new string('y', 300), 34));

    [Fact]
    public void Whatever_the_title_the_name_is_one_segment_that_stays_in_its_folder()
    {
        var hostile = Gen.OneOf(
            Gen.String, Gen.String[Gen.Char["./\\: \u202E\0\n\ud83c\udf89axCON"], 0, 400],
            Gen.Int[0, Hostile.Length - 1].Select(i => Hostile[i]));
        Gen.Select(hostile, Gen.Int[0, 20000], Gen.Bool).Sample((title, number, windows) =>
        {
            var names = new ExportName(windows);
            var (stem, extension) = ExportName.Split(title);
            foreach (var name in new[] { names.Folder(
                title), names.Numbered(stem, extension, number), names.Numbered(stem, extension, number, 5) + ".json" })
            {
                Assert.Equal(name, Path.GetFileName(name));
                Assert.DoesNotContain(name, n => n is '/' or '\\' or '\0' or '\n' or '\u202E');
                Assert.NotEmpty(name.Trim('.', ' '));
                Assert.True(Encoding.UTF8.GetByteCount(name) <= ExportName.MostBytes);
                Assert.StartsWith("/export/album/", Path.GetFullPath(Path.Combine("/export/album", name)));
            }
        });
    }
}
