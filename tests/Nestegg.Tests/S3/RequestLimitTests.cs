using System.Text;
using Nestegg.Server.S3;

namespace Nestegg.Tests.S3;

public class RequestLimitTests
{
    [Theory]
    [InlineData("a")]
    [InlineData("Delete")]
    public void A_document_of_nothing_but_opening_tags_is_refused_after_its_first_few(string name)
    {
        var tags = string.Concat(Enumerable.Repeat($"<{name}>", 7_000_000 / (name.Length + 2)));
        var document = new CountingStream(Encoding.UTF8.GetBytes(tags));
        Assert.Equal("MalformedXML", Assert.Throws<S3Exception>(() => S3Xml.Parse(document)).Code);
        Assert.InRange(document.ReadBytes, 1, 100_000);
    }

    [Fact]
    public void A_document_of_more_nodes_than_any_request_has_is_refused_before_a_tree_is_made()
    {
        var tags = string.Concat(Enumerable.Repeat("<a/>", 1_900_000));
        var document = new CountingStream(Encoding.UTF8.GetBytes($"<Delete>{tags}</Delete>"));
        Assert.Equal("MalformedXML", Assert.Throws<S3Exception>(() => S3Xml.Parse(document)).Code);
        Assert.InRange(document.ReadBytes, 1, 3_000_000);
    }

    [Fact]
    public void A_document_type_is_refused()
    {
        var bomb = "<!DOCTYPE d [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;&a;\">]><Delete><Object><Key>&b;</Key></Object></Delete>";
        Assert.Equal(
            "MalformedXML", Assert.Throws<S3Exception>(() => S3Xml.Parse(new MemoryStream(Encoding.UTF8.GetBytes(bomb)))).Code);
    }

    [Fact]
    public void The_longest_documents_that_requests_have_are_read()
    {
        var parts = string.Concat(Enumerable.Range(1, 10_000).Select(n =>
            $"\n  <Part>\n    <PartNumber>{n}</PartNumber>\n    <ETag>&quot;{n:x32}&quot;</ETag>\n"
            + $"    <ChecksumSHA256>{n:x64}</ChecksumSHA256>\n  </Part>"));
        var document = S3Xml.Parse(new MemoryStream(Encoding.UTF8.GetBytes($"<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>")));
        Assert.Equal(10_000, document.Children("Part").Count());
        Assert.Equal("\"00000000000000000000000000002710\"", document.Children("Part").Last().Child("ETag"));
    }

    /// <summary>Tells how much of it was read, which a clock would tell only of this machine.</summary>
    private sealed class CountingStream(byte[] content) : MemoryStream(content)
    {
        public long ReadBytes { get; private set; }

        public override int Read(byte[] buffer, int offset, int count)
        {
            var read = base.Read(buffer, offset, count);
            ReadBytes += read;
            return read;
        }

        public override int Read(Span<byte> buffer)
        {
            var read = base.Read(buffer);
            ReadBytes += read;
            return read;
        }
    }
}
