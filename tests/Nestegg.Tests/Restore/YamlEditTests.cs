using CsCheck;
using Nestegg.Ente;
using Nestegg.Ente.Configuration;
using Nestegg.Restore;

namespace Nestegg.Tests.Restore;

public sealed class YamlEditTests
{
    [Theory]
    [InlineData("key:\n    hash: old # why\n", "key:\n    hash: \"new\" # why\n")]
    [InlineData("key:\n  hash: 'old'\n", "key:\n  hash: \"new\"\n")]
    [InlineData("key: {hash: old, encryption: x}\n", "key: {hash: \"new\", encryption: x}\n")]
    [InlineData("key:\n  hash:   # not yet\njwt: {}\n", "key:\n  hash: \"new\"   # not yet\njwt: {}\n")]
    [InlineData("KEY:\n  Hash: old\n", "KEY:\n  Hash: \"new\"\n")]
    [InlineData("key:\r\n  hash: old\r\nz: 1\r\n", "key:\r\n  hash: \"new\"\r\nz: 1\r\n")]
    [InlineData("key:\n  hash: >-\n    a\n    b\nz: 1\n", "key:\n  hash: \"new\"\nz: 1\n")]
    [InlineData("key:\n  hash:\n  - a\n  - b\nz: 1\n", "key:\n  hash: \"new\"\nz: 1\n")]
    public void A_value_is_replaced_where_it_stands(string before, string after) =>
        Assert.Equal(after, YamlEdit.Set(before, "key.hash", "\"new\""));

    [Theory]
    [InlineData("", "key:\n  hash: \"new\"\n")]
    [InlineData("# nothing yet", "# nothing yet\nkey:\n  hash: \"new\"\n")]
    [InlineData("db:\n      host: a", "db:\n      host: a\nkey:\n      hash: \"new\"\n")]
    [InlineData("key:\n   encryption: x # mine\n\n# the end\n", "key:\n   encryption: x # mine\n   hash: \"new\"\n\n# the end\n")]
    [InlineData("key:\n# below\ndb: {a: b}\n", "key:\n  hash: \"new\"\n# below\ndb: {a: b}\n")]
    [InlineData("key: {}\n", "key:\n  hash: \"new\"\n")]
    [InlineData("key: {encryption: x}\n", "key: {hash: \"new\", encryption: x}\n")]
    [InlineData("db:\r\n  host: a\r\n", "db:\r\n  host: a\r\nkey:\r\n  hash: \"new\"\r\n")]
    public void A_value_that_is_absent_is_added_where_it_belongs(string before, string after) =>
        Assert.Equal(after, YamlEdit.Set(before, "key.hash", "\"new\""));

    [Fact]
    public void A_text_where_settings_were_expected_is_refused()
    {
        var error = Assert.Throws<EnteException>(() => YamlEdit.Set("key: abc\n", "key.hash", "1"));
        Assert.Contains("`key`", error.Message);
    }

    [Theory]
    [InlineData("true", "true")]
    [InlineData("587", "587")]
    [InlineData("0587", "\"0587\"")]
    [InlineData("", "\"\"")]
    [InlineData("a\"b\\c\n", "\"a\\\"b\\\\c\\n\"")]
    [InlineData("S5LO+/=", "\"S5LO+/=\"")]
    public void Values_are_written_so_that_museum_reads_the_same(string value, string yaml) => Assert.Equal(yaml, YamlEdit.Render(value));

    [Fact]
    public void Whatever_is_set_is_read_again_and_nothing_else_changes()
    {
        var name = Gen.Int[0, 4].Select(i => new[] { "key", "jwt", "smtp", "apps", "internal" }[i]);
        var leaf = Gen.Int[0, 3].Select(i => new[] { "hash", "secret", "host", "admin" }[i]);
        var value = Gen.String[Gen.Char[' ', '~'], 0, 12];
        Gen.Select(name, leaf, value).List[1, 12].Sample(edits =>
        {
            var text = "# head\ndb:\n    host: postgres # inside compose\n\n# tail\n";
            var expected = new Dictionary<string, string> { ["db.host"] = "postgres" };
            foreach (var (section, key, content) in edits)
            {
                text = YamlEdit.Set(text, $"{section}.{key}", YamlEdit.Render(content));
                expected[$"{section}.{key}"] = content;
            }

            var read = YamlSettings.Flatten(YamlSettings.ReadRoot(text, "test")!, "test")
                .ToDictionary(setting => setting.Key, setting => setting.Text);
            Assert.Equal(expected.OrderBy(entry => entry.Key), read.OrderBy(entry => entry.Key));
            Assert.StartsWith("# head\ndb:\n    host: postgres # inside compose\n", text);
            Assert.Contains("\n# tail\n", text);
        });
    }
}
