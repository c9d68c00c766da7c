using System.Text;
using System.Xml;
using System.Xml.Linq;

namespace Nestegg.Server.S3;

/// <summary>The documents of the S3 API.</summary>
internal static class S3Xml
{
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

    /// <summary>Reads what a client sent.</summary>
    public static XElement Parse(byte[] document)
    {
        try
        {
            // Document types, and with them entities, are prohibited by default.
            using var reader = XmlReader.Create(new MemoryStream(document), new XmlReaderSettings { CheckCharacters = false });
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

    public static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'");
}
