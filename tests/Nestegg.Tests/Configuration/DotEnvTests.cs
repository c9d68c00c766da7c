using CsCheck;
using Nestegg.Ente;
using Nestegg.Ente.Configuration;

namespace Nestegg.Tests.Configuration;

public class DotEnvTests
{
    private static string? Value(string text, string name = "A") =>
        DotEnv.Read(text, _ => null).LastOrDefault(entry => entry.Name == name).Value;

    [Theory]
    [InlineData("A=b", "b")]
    [InlineData("export A = b # comment", "b")]
    [InlineData("A=b#c", "b#c")]
    [InlineData("A='b # $c'", "b # $c")]
    [InlineData("A=\"b\\n\\\"c\\\"\"", "b\n\"c\"")]
    [InlineData("A=\"b\nc\"", "b\nc")]
    [InlineData("A=", "")]
    [InlineData("# A=b", null)]
    [InlineData("A", null)]
    [InlineData("B=x\nA=${B}y", "xy")]
    public void Lines_are_read_as_compose_reads_them(string text, string? expected) => Assert.Equal(expected, Value(text));

    [Fact]
    public void What_is_quoted_is_read_back() =>
        Gen.String[Gen.Char["aZ09 '\"\\$#={}\n-é"], 0, 20].Sample(text => Value("A=" + DotEnv.Quote(text)) == text);

    [Theory]
    [InlineData("$SET-$NONE", "v-")]
    [InlineData("${SET}", "v")]
    [InlineData("${EMPTY:-d}|${EMPTY-d}|${NONE-d}", "d||d")]
    [InlineData("${NONE:-${SET}x}", "vx")]
    [InlineData("${SET:+yes}|${EMPTY:+yes}|${EMPTY+yes}", "yes||yes")]
    [InlineData("a$$b$", "a$b$")]
    [InlineData("${SET", "${SET")]
    public void Variables_are_expanded_as_compose_expands_them(string text, string expected) =>
        Assert.Equal(expected, Interpolation.Expand(text, name => name switch { "SET" => "v", "EMPTY" => "", _ => null }));

    [Fact]
    public void A_required_variable_that_is_not_set_is_named()
    {
        var error = Assert.Throws<EnteException>(() => Interpolation.Expand("${DB_PASSWORD:?say it}", _ => ""));

        Assert.Contains("DB_PASSWORD", error.Message);
    }
}
