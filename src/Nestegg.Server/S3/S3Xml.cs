using System.Text;
using System.Xml;
using System.Xml.Linq;

namespace Nestegg.Server.S3;

/// <summary>The documents of the S3 API.</summary>
internal static class S3Xml
{
    // DeleteObjects and CompleteMultipartUpload are three deep. The latter names up to 10,000 parts, each with a number, an ETag, five
    // checksums and the space around them.
    private const int MaxDepth = 8;
    private const int MaxNodes = 500_000;
    private const int MaxAttributes = 16;

    private static readonly XNamespace Namespace = "http://s3.amazonaws.com/doc/2006-03-01/";

    /// <summary>An element in S3's namespace.</summary>
    public static XElement Element(string name, params object?[] content) => new(Namespace + name, content);

    /// <summary>
    /// A document as bytes. Characters that XML 1.0 does not know, which keys may hold, go out as references, as S3 sends them.
    /// </summary>
    public static byte[] ToBytes(XElement root)
    {
        using var buffer = new MemoryStream();
        var settings = new XmlWriterSettings { Encoding = new UTF8Encoding(false), CheckCharacters = false };
        using (var writer = XmlWriter.Create(buffer, settings))
        {
            root.WriteTo(writer);
        }

        return buffer.ToArray();
    }

    /// <summary>A document that does not have the namespace: the error.</summary>
    public static byte[] Error(S3Exception error, string resource) => ToBytes(new XElement("Error",
        new XElement("Code", error.Code), new XElement("Message", error.Message), new XElement("Resource", resource)));

    /// <summary>Reads what a client sent. What is deeper or longer than any request is refused before a tree is made of it.</summary>
    public static XElement Parse(Stream document)
    {
        try
        {
            CheckLimits(document);
            document.Position = 0;
            using var reader = XmlReader.Create(document, ReaderSettings());
            return XElement.Load(reader, LoadOptions.PreserveWhitespace);
        }
        catch (XmlException)
        {
            throw S3Exception.MalformedXml();
        }
    }

    /// <summary>The children of this name; clients differ in whether they write the namespace.</summary>
    public static IEnumerable<XElement> Children(this XElement element, string name) =>
        element.Elements().Where(child => child.Name.LocalName == name);

    /// <summary>The text of the child of this name, or <see langword="null"/>.</summary>
    public static string? Child(this XElement element, string name) => element.Children(name).FirstOrDefault()?.Value;

    // Adding a node to a tree asks all the nodes above it: a document of nothing but opening tags would take the square of its length.
    private static void CheckLimits(Stream document)
    {
        using var reader = XmlReader.Create(document, ReaderSettings());
        for (var nodes = 0; reader.Read(); nodes++)
        {
            if (nodes > MaxNodes || reader.Depth > MaxDepth || reader.AttributeCount > MaxAttributes)
            {
                throw S3Exception.MalformedXml();
            }
        }
    }

    // Document types, and with them entities, are prohibited by default.
    private static XmlReaderSettings ReaderSettings() => new() { CheckCharacters = false };

    public static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'");
}
