using System.Text;
using System.Text.Json;
using CsCheck;
using Nestegg.Export;

namespace Nestegg.Tests.Export;

public class SidecarJsonTests
{
    [Fact]
    public void Text_is_escaped_as_Go_escapes_it() =>
        Assert.Equal(
            "{\n  \"a\": \"\\u003c3 \\u0026 \\\"x\\\" \\\\ \\n\\t\\u0001 ½🎄\\u2028\ufffd\",\n  \"b\": null,\n  \"c\": [\n    1\n  ],\n  "
            + "\"d\": []\n}",
            Write(json => json.Open(null, '{').Text("a", "<3 & \"x\" \\ \n\t\u0001 ½🎄\u2028\ud800").Text("b", null)
                .Open("c", '[').Number(null, 1).Close(']').Open("d", '[').Close(']').Close('}')));

    [Theory]
    [InlineData(35.776199999999996, "35.776199999999996")]
    [InlineData(-3.7, "-3.7")]
    [InlineData(0, "0")]
    [InlineData(0.00001, "0.00001")]
    [InlineData(-0.0000123, "-0.0000123")]
    [InlineData(1e-7, "1e-7")]
    [InlineData(1e20, "100000000000000000000")]
    [InlineData(1.5e21, "1.5e+21")]
    [InlineData(double.NaN, "null")]
    public void Numbers_are_written_as_Go_writes_them(double value, string text) =>
        Assert.Equal(text, Write(json => json.Number(null, value)));

    [Theory]
    [InlineData(1795433325582000L, "2026-11-23T11:28:45.582Z")]
    [InlineData(1609455601000000L, "2020-12-31T23:00:01Z")]
    [InlineData(-1L, "1969-12-31T23:59:59.999999Z")]
    [InlineData(long.MaxValue, null)]
    [InlineData(null, null)]
    public void Times_are_in_UTC(long? microseconds, string? text) => Assert.Equal(text, SidecarJson.Time(microseconds));

    [Fact]
    public void Any_text_and_number_can_be_read_back() =>
        Gen.Select(Gen.String, Gen.Double).Sample((text, number) =>
        {
            number = double.IsFinite(number) ? number : 1;
            using var read = JsonDocument.Parse(Write(json => json.Open(null, '{').Text("t", text).Number("n", number).Close('}')));
            Assert.Equal(Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)), read.RootElement.GetProperty("t").GetString());
            Assert.Equal(number, read.RootElement.GetProperty("n").GetDouble());
        });

    private static string Write(Action<SidecarJson> write)
    {
        var json = new SidecarJson();
        write(json);
        return Encoding.UTF8.GetString(json.ToUtf8()).TrimEnd('\n');
    }
}
