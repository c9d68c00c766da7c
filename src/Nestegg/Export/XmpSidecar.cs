using System.Globalization;
using System.Text;
using System.Xml;
using Nestegg.Ente.Library;

namespace Nestegg.Export;

/// <summary>
/// An XMP sidecar (ISO 16684-1) with what Ente knows and the picture's own bytes may not: title, caption, place and time. Other photo
/// programs read it when it lies beside the picture as <c>IMG_1.JPG.xmp</c>.
/// </summary>
internal static class XmpSidecar
{
    private const string Rdf = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";
    private const string Dc = "http://purl.org/dc/elements/1.1/";
    private const string Exif = "http://ns.adobe.com/exif/1.0/";
    private const string Xmp = "http://ns.adobe.com/xap/1.0/";
    private const string Photoshop = "http://ns.adobe.com/photoshop/1.0/";

    /// <summary>Writes it.</summary>
    /// <param name="title">The file's title; null to leave it out.</param>
    /// <param name="caption">Its caption; null to leave it out.</param>
    /// <param name="location">Where it was taken.</param>
    /// <param name="time">When, as ISO 8601: with a zone when that is known.</param>
    internal static byte[] Write(string? title, string? caption, Location? location, string? time)
    {
        using var buffer = new MemoryStream();
        using (var xml = XmlWriter.Create(buffer, new XmlWriterSettings
        {
            Indent = true, Encoding = new UTF8Encoding(
            false), OmitXmlDeclaration = true, NewLineChars = "\n"
        }))
        {
            xml.WriteProcessingInstruction("xpacket", "begin=\"\ufeff\" id=\"W5M0MpCehiHzreSzNTczkc9d\"");
            xml.WriteStartElement("x", "xmpmeta", "adobe:ns:meta/");
            xml.WriteStartElement("rdf", "RDF", Rdf);
            xml.WriteStartElement("rdf", "Description", Rdf);
            xml.WriteAttributeString("rdf", "about", Rdf, "");
            foreach (var (prefix, name) in new[] { ("dc", Dc), ("exif", Exif), ("xmp", Xmp), ("photoshop", Photoshop) })
            {
                xml.WriteAttributeString("xmlns", prefix, null, name);
            }

            if (time is not null)
            {
                xml.WriteElementString("xmp", "CreateDate", Xmp, time);
                xml.WriteElementString("photoshop", "DateCreated", Photoshop, time);
                xml.WriteElementString("exif", "DateTimeOriginal", Exif, time);
            }

            if (location is { } place)
            {
                xml.WriteElementString("exif", "GPSLatitude", Exif, Degrees(place.Latitude, 'N', 'S'));
                xml.WriteElementString("exif", "GPSLongitude", Exif, Degrees(place.Longitude, 'E', 'W'));
            }

            Alternative(xml, "title", title);
            Alternative(xml, "description", caption);
            xml.WriteEndElement();
            xml.WriteEndElement();
            xml.WriteEndElement();
            xml.WriteProcessingInstruction("xpacket", "end=\"w\"");
        }

        return buffer.ToArray();
    }

    /// <summary>The time that a clock on the wall showed, when the app recorded it, else the moment in UTC.</summary>
    internal static string? Time(string? wallClock, string? offset, long? microseconds)
    {
        if (wallClock is not null
            && DateTime.TryParse(wallClock, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out var local))
        {
            var zone = DateTimeOffset.TryParseExact(
                $"2000-01-01T00:00:00{offset}", "yyyy-MM-dd'T'HH:mm:sszzz", CultureInfo.InvariantCulture, DateTimeStyles.None, out _);
            return local.ToString("yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture) + (zone ? offset : "");
        }

        return SidecarJson.Time(microseconds);
    }

    private static void Alternative(XmlWriter xml, string name, string? text)
    {
        if (string.IsNullOrEmpty(text))
        {
            return;
        }

        xml.WriteStartElement("dc", name, Dc);
        xml.WriteStartElement("rdf", "Alt", Rdf);
        xml.WriteStartElement("rdf", "li", Rdf);
        xml.WriteAttributeString("xml", "lang", null, "x-default");
        xml.WriteString(Legal(text));
        xml.WriteEndElement();
        xml.WriteEndElement();
        xml.WriteEndElement();
    }

    // XMP's form of a coordinate: whole degrees, a comma, minutes with decimals, a letter.
    private static string Degrees(double value, char positive, char negative)
    {
        var size = Math.Abs(value);
        var minutes = Math.Round((size - Math.Truncate(size)) * 60, 8);
        var degrees = (int)Math.Truncate(size) + (minutes >= 60 ? 1 : 0);
        return string.Create(
            CultureInfo.InvariantCulture, $"{degrees},{(minutes >= 60 ? 0 : minutes):0.0#######}{(value < 0 ? negative : positive)}");
    }

    // XML has no form for most control characters and for half a surrogate pair.
    private static string Legal(string text)
    {
        var legal = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            legal.Append(rune.Value is < 0x20 and not ('\n' or '\r' or '\t') or 0xFFFE or 0xFFFF ? "\ufffd" : rune.ToString());
        }

        return legal.ToString();
    }
}
