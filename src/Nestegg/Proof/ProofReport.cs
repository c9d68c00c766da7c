using System.Globalization;
using System.Net;
using System.Text;
using Nestegg.Ente;
using Nestegg.Repositories;
using Nestegg.Repositories.Manifests;

namespace Nestegg.Proof;

/// <summary>
/// A proof as one HTML page that a person keeps: needs nothing else, prints on paper, holds no key material, and names only when the record
/// has them.
/// </summary>
public static class ProofReport
{
    private const int ShownFindings = 200;

    public static string Write(ProofRecord record)
    {
        var page = new StringBuilder(16 * 1024);
        page.Append(
            $"<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, "
            + $"initial-scale=1\">\n<title>Proof of {Day(record.FinishedAt)}</title>\n<style>{Style}</style></head>\n<body><main "
            + $"class=\"{Class(record.Verdict)}\">\n");
        Head(page, record);
        if (record.Verdict == ProofVerdict.NotProved)
        {
            Findings(page, record);
            Numbers(page, record);
            Albums(page, record);
        }
        else
        {
            Numbers(page, record);
            Albums(page, record);
            Findings(page, record);
        }

        Foot(page, record);
        return page.Append("</main></body></html>\n").ToString();
    }

    private static void Head(StringBuilder page, ProofRecord record)
    {
        var (mark, title) = record.Verdict switch
        {
            ProofVerdict.Proved => ("✓", "This backup opens"),
            ProofVerdict.SampleProved => ("✓", "The sample of this backup opens"),
            _ => ("!", "Not everything opens"),
        };
        page.Append(
            $"<header><div class=\"seal\" aria-hidden=\"true\">{mark}</div><div><p class=\"kind\">Proof of a "
            + $"backup</p><h1>{title}</h1><p class=\"lead\">{Text(Sentence(record))}</p></div></header>\n");
        page.Append("<dl class=\"facts\">");
        Fact(page, "Account", record.Account);
        Fact(page, "Account number", record.UserId.ToString(CultureInfo.InvariantCulture));
        Fact(page, "Instance", record.Instance);
        Fact(page, "Opened with", record.OpenedWith);
        Fact(page, "Snapshot taken", Time(record.SnapshotCreatedAt));
        Fact(page, "Proved on", Time(record.FinishedAt));
        page.Append("</dl>\n");
    }

    private static string Sentence(ProofRecord record)
    {
        var counts = record.Counts;
        var files = $"{Number(counts.FilesProved)} of {Counted.Of(counts.Files, "file")}";
        var all = counts.Files == 1 ? "the only file was" : $"all {Counted.Of(counts.Files, "file")} were";
        var with = $"With the account’s {record.OpenedWith}";
        var before = counts.FilesProvedBefore > 0 ? $" {Number(counts.FilesProvedBefore)} of them an earlier proof had decrypted." : "";
        var recorded = counts.FilesWithoutHash > 0
            ? "compared with the hash that the uploading app had recorded, where it had"
            : "compared with what the uploading app had recorded";
        return record.Verdict switch
        {
            ProofVerdict.Proved => $"{with}, {all} decrypted, byte for byte, and {recorded}.{before}",
            ProofVerdict.SampleProved =>
                $"{with}, a random sample was decrypted, byte for byte: {files}. The keys and descriptions of all files were "
                + $"opened.{before}",
            _ =>
                $"{with}, {files} {Counted.Word(counts.FilesProved, "was decrypted and is", "were decrypted and are")} in order."
                + $"{NotProved(counts.FilesNotProved)} What is wrong stands below.{before}",
        };
    }

    private static string NotProved(long files) => files == 0 ? "" : $" {Counted.Of(files, "is", "are")} not.";

    private static void Numbers(StringBuilder page, ProofRecord record)
    {
        var counts = record.Counts;
        page.Append("<section><h2>What was opened</h2><table class=\"numbers\">");
        Row(page, "Files", counts.Files, "each once, those in the trash among them");
        Row(page, "proved", counts.FilesProved, "every chunk authentic, whole, and as recorded", "sub");
        RowIfAny(page, "not proved", counts.FilesNotProved, "named under “What was found”", "sub bad");
        RowIfAny(page, "proved by an earlier proof", counts.FilesProvedBefore, "same bytes, same keys; not read again", "sub");
        RowIfAny(page, "outside the sample", counts.FilesNotSampled, "only their keys and descriptions were opened", "sub");
        RowIfAny(page, "shared by others", counts.SharedFiles, "", "sub");
        RowIfAny(page, "in the trash", counts.TrashFiles, "", "sub");
        RowIfAny(
            page, "without a recorded hash", counts.FilesWithoutHash, "uploaded by old apps: their authenticators alone speak for them",
            "sub");
        RowIfAny(page, "live photos", counts.LivePhotos, "picture and video compared apart", "sub");
        RowIfAny(page, "items of Locker", counts.LockerItems, "notes, credentials and the like", "sub");
        page.Append(
            $"<tr><th>Decrypted</th><td>{Bytes(counts.DecryptedBytes)}</td><td>{Counted.Of(counts.DecryptedBytes, "byte")} of plain "
            + $"content</td></tr>");
        RowIfAny(page, "Thumbnails", counts.Thumbnails, "");
        RowIfAny(page, "Derived data", counts.DerivedObjects, "search and face data, streamable videos; can be made again");
        RowIfAny(page, "derived data that does not open", counts.DerivedProblems, "the apps make it again", "sub");
        Row(page, "Albums", counts.Albums, counts.SharedAlbums > 0 ? $"{Number(counts.SharedAlbums)} of them shared by others" : "");
        RowIfAny(page, "Places, people, memories", counts.Entities, "");
        RowIfAny(page, "Contacts", counts.Contacts, counts.ContactPictures > 0 ? $"{Number(counts.ContactPictures)} with a picture" : "");
        RowIfAny(page, "Codes of Ente Auth", counts.AuthCodes, "");
        RowIfAny(page, "Comments", counts.Comments, "");
        RowIfAny(page, "Reactions", counts.Reactions, "");
        RowIfAny(page, "Links to memories", counts.MemoryShares, "");
        RowIfAny(page, "Links to single files", counts.FileLinks, "");
        RowIfAny(page, "Legacy kits", counts.LegacyKits, "any two of a kit’s three cards open this account");
        RowIfAny(page, "Accounts entrusted to this one", counts.EntrustedAccounts, "it holds their recovery keys, and they fit");
        page.Append("</table></section>\n");
    }

    // Without names an album is a number, which says nothing to a person, unless something in it is wrong.
    private static void Albums(StringBuilder page, ProofRecord record)
    {
        var shown = record.Albums.Where(album => album.Name is not null || album.NotProved > 0).ToList();
        if (shown.Count == 0)
        {
            return;
        }

        page.Append(
            "<section><h2>Albums</h2><table class=\"list\"><thead><tr><th>Album</th><th>Files</th><th>Not proved</th></tr></thead><tbody>");
        foreach (var album in shown)
        {
            var name = album.Name is { Length: > 0 } text ? Text(text) : $"album {album.Id}";
            page.Append(
                $"<tr><td>{name}{(album.IsShared ? " <small>shared by another</small>" : "")}</td><td>{Number(album.Files)}</td><td{(album.NotProved > 0 ? " class=\"bad\"" : "")}>{Number(album.NotProved)}</td></tr>");
        }

        page.Append("</tbody></table></section>\n");
    }

    private static void Findings(StringBuilder page, ProofRecord record)
    {
        if (record.Findings.Count == 0)
        {
            return;
        }

        page.Append("<section><h2>What was found</h2><table class=\"list findings\"><tbody>");
        foreach (var finding in record.Findings.OrderByDescending(finding => finding.Severity).Take(ShownFindings))
        {
            page.Append(
                $"<tr><td class=\"{(finding.Severity == Severity.Error ? "bad" : "fair")}\">{(finding.Severity == Severity.Error ? "wrong" : "note")}</td><td><b>{Text(finding.Subject)}</b><br>{Text(finding.Message)}");
            page.Append(finding.Hint.Length > 0 ? $"<br><small>{Text(finding.Hint)}</small></td></tr>" : "</td></tr>");
        }

        page.Append("</tbody></table>");
        var all = record.Counts.Errors + record.Counts.Warnings;
        page.Append(all > ShownFindings
            ? $"<p>The first {Number(Math.Min(ShownFindings, all))} of {Number(all)} are shown.</p></section>\n"
            : "</section>\n");
    }

    private static void Foot(StringBuilder page, ProofRecord record)
    {
        var took = record.FinishedAt - record.StartedAt;
        page.Append("<footer><dl class=\"small\">");
        Fact(page, "Snapshot", record.Snapshot.ToString());
        Fact(page, "Manifest, SHA-256", record.ManifestSha256.ToString());
        Fact(page, "Repository", record.RepositoryId);
        Fact(page, "Made by", $"{record.Program}, in {Duration(took)}");
        page.Append(
            "</dl><p>The manifest’s hash stands for every byte of the snapshot. This page holds no password and no key, and nothing of "
            + "what was decrypted");
        page.Append(
            record.Albums.Any(album => album.Name is not null) ? " but the names that were asked for.</p></footer>\n" : ".</p></footer>\n");
    }

    private static void Fact(StringBuilder page, string name, string value) =>
        page.Append($"<div><dt>{name}</dt><dd>{Text(value)}</dd></div>");

    private static void RowIfAny(StringBuilder page, string name, long value, string note, string kind = "")
    {
        if (value > 0)
        {
            Row(page, name, value, note, kind);
        }
    }

    private static void Row(StringBuilder page, string name, long value, string note, string kind = "") =>
        page.Append($"<tr class=\"{kind}\"><th>{name}</th><td>{Number(value)}</td><td>{note}</td></tr>");

    private static string Class(ProofVerdict verdict) => verdict == ProofVerdict.NotProved ? "bad-page" : "good-page";

    private static string Text(string text) => WebUtility.HtmlEncode(text);

    private static string Number(long value) => value.ToString("N0", CultureInfo.InvariantCulture);

    private static string Day(DateTimeOffset time) => time.UtcDateTime.ToString("d MMMM yyyy", CultureInfo.InvariantCulture);

    private static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("d MMMM yyyy, HH:mm 'UTC'", CultureInfo.InvariantCulture);

    private static string Duration(TimeSpan took) => took.TotalMinutes < 2
        ? Counted.Of((long)Math.Ceiling(took.TotalSeconds), "second")
        : took.TotalHours < 2
            ? Counted.Of((long)took.TotalMinutes, "minute")
            : $"{took.TotalHours.ToString("N1", CultureInfo.InvariantCulture)} hours";

    private static string Bytes(long bytes)
    {
        string[] units = ["B", "KiB", "MiB", "GiB", "TiB"];
        var unit = bytes < 1024 ? 0 : Math.Min(units.Length - 1, (int)Math.Log(bytes, 1024));
        return string.Create(CultureInfo.InvariantCulture, $"{bytes / Math.Pow(1024, unit):0.#} {units[unit]}");
    }

    private const string Style = """

        :root { --ink: #1d2733; --soft: #5b6775; --line: #dde3e9; --good: #1f7a4d; --bad: #b3261e; --accent: var(--good); }
        * { box-sizing: border-box; }
        body { margin: 0; background: #f2f4f6; color: var(--ink); font: 1rem/1.5 system-ui, "Segoe UI", Roboto, "Helvetica Neue", sans-serif; }
        main { max-width: 52rem; margin: 2.5rem auto; padding: 3rem 3.25rem 2.25rem; background: #fff; border-top: 6px solid var(--accent); border-radius: 4px; box-shadow: 0 1px 4px rgb(29 39 51 / 14%); }
        .bad-page { --accent: var(--bad); }
        header { display: flex; gap: 1.75rem; align-items: flex-start; }
        .seal { flex: none; width: 4.75rem; height: 4.75rem; border: 3px solid var(--accent); border-radius: 50%; outline: 1px solid var(--accent); outline-offset: 4px; color: var(--accent); font: 700 2.5rem/4.3rem Georgia, serif; text-align: center; }
        .kind { margin: 0; color: var(--soft); letter-spacing: .08em; text-transform: uppercase; font-size: .78rem; }
        h1 { margin: .1rem 0 .4rem; font: 600 2rem/1.2 Georgia, "Times New Roman", serif; }
        h2 { margin: 2.2rem 0 .6rem; font: 600 1.15rem/1.3 Georgia, "Times New Roman", serif; }
        .lead { margin: 0; font-size: 1.06rem; }
        dl { margin: 1.9rem 0 0; display: grid; grid-template-columns: repeat(2, 1fr); gap: .9rem 2rem; }
        dt { color: var(--soft); font-size: .8rem; } dd { margin: 0; overflow-wrap: anywhere; }
        .facts { padding: 1.1rem 0; border-block: 1px solid var(--line); }
        table { width: 100%; border-collapse: collapse; } th { text-align: left; font-weight: 600; }
        th, td { padding: .38rem .5rem; vertical-align: top; border-bottom: 1px solid var(--line); }
        .numbers th { width: 31%; padding-left: 0; } .numbers td:nth-child(2) { width: 14%; text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; } .numbers td:nth-child(3) { padding-left: 1.4rem; color: var(--soft); font-size: .9rem; }
        .sub th { padding-left: 1.3rem; font-weight: 400; } .bad, tr.bad th, tr.bad td:nth-child(2) { color: var(--bad); font-weight: 600; } .fair { color: #8a5a00; }
        .list td + td, .list th + th { text-align: right; font-variant-numeric: tabular-nums; } .findings td + td { text-align: left; overflow-wrap: anywhere; }
        small { color: var(--soft); } footer { margin-top: 2.4rem; border-top: 1px solid var(--line); color: var(--soft); font-size: .82rem; } footer dl { margin-top: 1.1rem; } footer p { margin: 1.1rem 0 0; }
        @media (max-width: 40rem) { main { margin: 0; padding: 1.5rem 1.1rem; } header { gap: 1.1rem; } dl { grid-template-columns: 1fr; } }
        @media print { @page { margin: 14mm; } html { font-size: 12.5px; } body { background: #fff; } main { margin: 0; padding: 1.6rem 6px 0; max-width: none; box-shadow: none; border-radius: 0; } tr, header, dl { break-inside: avoid; } h2 { break-after: avoid; } * { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }

        """;
}
