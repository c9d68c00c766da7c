using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Nestegg.Cli.Terminal;
using Nestegg.Proof;
using Nestegg.Repositories;

namespace Nestegg.Cli.Commands;

/// <summary><c>nestegg snapshots</c>: what is in the repository; with an id, all that a manifest says.</summary>
internal static class SnapshotsCommand
{
    public static Command Create(CommonOptions common)
    {
        var id = new Argument<string?>("ID") { Description = "A snapshot: its id, the beginning of it, or latest", Arity = ArgumentArity.ZeroOrOne };
        var command = new Command("snapshots", "Lists the snapshots, or describes one") { id };
        command.SetAction(async (parse, cancellationToken) => (int)await RunAsync(common, parse, parse.GetValue(id), cancellationToken));
        return command.WithExamples("nestegg snapshots", "nestegg snapshots latest", "nestegg snapshots 20261123T19 --repository /mnt/nas/nestegg");
    }

    private static async Task<ExitCode> RunAsync(CommonOptions common, ParseResult parse, string? id, CancellationToken cancellationToken)
    {
        await using var store = common.Configuration(parse).RequireRepository().OpenStore(create: false, common.Host.Time);
        var repository = await Repository.OpenAsync(store, cancellationToken);
        return id is null
            ? await ListAsync(repository, common.Output, cancellationToken)
            : await DescribeAsync(repository, await repository.ReadManifestAsync(id, cancellationToken), common.Output, cancellationToken);
    }

    private static async Task<ExitCode> ListAsync(Repository repository, Output output, CancellationToken cancellationToken)
    {
        var (finished, unfinished) = await repository.ListSnapshotsAsync(cancellationToken);
        var proofs = (await ProofArchive.ListAsync(repository, null, cancellationToken).ToListAsync(cancellationToken)).ToLookup(proof => proof.Snapshot);
        var rows = new List<Cell[]>();
        var damaged = 0;
        foreach (var snapshot in finished)
        {
            try
            {
                var manifest = await repository.ReadManifestAsync(snapshot, cancellationToken);
                var proved = Proved(manifest, [.. proofs[snapshot]]);
                output.Event("snapshot", json => WriteTo(json, manifest, proved));
                rows.Add(Row(manifest, proved));
            }
            catch (NesteggException failure) when (failure.Kind == FailureKind.Damaged)
            {
                damaged++;
                output.Report(new FindingEvent(new Finding("snapshot-damaged", Severity.Error, snapshot.ToString(), failure.Message, failure.Hint)));
            }
        }

        if (!output.IsJson)
            output.Table("snapshot", ["id", "complete", "users", "files", "objects", "size", "new", "schema", "instance", "proved"], rows);
        var summary = new Summary().Add("snapshots", finished.Count, "snapshots").Add("unfinished", unfinished.Count, "unfinished").Add("damaged", damaged, "damaged");
        return output.Finish(summary, damaged > 0 ? ExitCode.Damaged : ExitCode.Done);
    }

    private static void WriteTo(Utf8JsonWriter json, Manifest manifest, string proved)
    {
        json.WriteString("id", manifest.Id.ToString());
        json.WriteBoolean("complete", manifest.Complete);
        json.WriteString("createdAt", manifest.CreatedAt);
        json.WriteNumber("users", manifest.Counts.Users);
        json.WriteNumber("files", manifest.Counts.Files);
        json.WriteNumber("objects", manifest.Counts.Objects);
        json.WriteNumber("objectBytes", manifest.Counts.ObjectBytes);
        json.WriteNumber("newObjects", manifest.Counts.NewObjects);
        json.WriteNumber("schemaVersion", manifest.Instance.SchemaVersion);
        json.WriteString("instance", manifest.Instance.Name);
        json.WriteString("proved", proved);
    }

    private static Cell[] Row(Manifest manifest, string proved) =>
    [
        manifest.Id.ToString(), manifest.Complete ? "yes" : "no", manifest.Counts.Users, manifest.Counts.Files, manifest.Counts.Objects,
        Cell.Bytes(manifest.Counts.ObjectBytes), manifest.Counts.NewObjects, Cell.Id(manifest.Instance.SchemaVersion), manifest.Instance.Name, proved,
    ];

    /// <summary>By how many of the people and when last: <c>2 of 3 people, 2026-11-23</c>. A proof of another manifest under the same id is no proof of this one.</summary>
    private static string Proved(Manifest manifest, IReadOnlyList<ProofSummary> proofs)
    {
        var people = proofs.Where(proof => proof.ManifestSha256 == manifest.Hash).GroupBy(proof => proof.UserId).Select(Standing).ToList();
        if (people.Count == 0)
            return "no";

        var (whole, inPart, failed) = (Of(ProofVerdict.Proved), Of(ProofVerdict.SampleProved), Of(ProofVerdict.NotProved));
        string[] parts =
        [
            .. whole > 0 ? [$"{whole} of {manifest.Counts.Users:N0} people"] : Array.Empty<string>(),
            .. inPart > 0 ? [$"{inPart} in part"] : Array.Empty<string>(),
            .. failed > 0 ? [$"FAILED for {failed}"] : Array.Empty<string>(),
            Day(people.Max(proof => proof.FinishedAt)),
        ];
        return string.Join(", ", parts);

        int Of(ProofVerdict verdict) => people.Count(proof => proof.Verdict == verdict);
    }

    // The newest decides when it failed; otherwise a sample does not take anything away from a whole proof before it.
    private static ProofSummary Standing(IEnumerable<ProofSummary> ofOnePerson)
    {
        var proofs = ofOnePerson.OrderByDescending(proof => proof.FinishedAt).ToList();
        return proofs[0].Verdict == ProofVerdict.NotProved ? proofs[0] : proofs.Find(proof => proof.Verdict == ProofVerdict.Proved) ?? proofs[0];
    }

    private static string Day(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private static async Task<ExitCode> DescribeAsync(Repository repository, Manifest manifest, Output output, CancellationToken cancellationToken)
    {
        var proofs = await ProofArchive.ListAsync(repository, manifest.Id, cancellationToken).Where(proof => proof.ManifestSha256 == manifest.Hash).ToListAsync(cancellationToken);
        foreach (var finding in manifest.Findings)
        {
            output.Report(new FindingEvent(finding));
        }

        output.Table("missing", ["key", "size", "kind", "reason"], manifest.Missing.Select(lost => (Cell[])[lost.Key, lost.SizeBytes, lost.Kind, lost.Reason]));
        output.Table("kind", ["kind", "objects", "size"], manifest.Counts.Kinds.Select(kind => (Cell[])[kind.Key, kind.Value.Objects, Cell.Bytes(kind.Value.Bytes)]));
        output.Table("proof", ["person", "verdict", "when", "files", "proved", "not proved", "share", "by"], proofs.Select(proof => (Cell[])
        [
            Cell.Id(proof.UserId), ProofText.Of(proof.Verdict), proof.FinishedAt.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture),
            proof.Counts.Files, proof.Counts.FilesProved, proof.Counts.FilesNotProved, $"{proof.Sample * 100:0.##} %", proof.Program,
        ]));
        return output.Finish(new Summary()
            .Add("id", manifest.Id.ToString(), "snapshot")
            .Add("complete", manifest.Complete, "complete")
            .Add("createdAt", manifest.CreatedAt.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'"), "the moment")
            .Add("program", manifest.Program, "made by")
            .Add("instance", manifest.Instance.Name, "instance")
            .Add("museumImage", manifest.Instance.MuseumImage ?? "", "museum")
            .Add("databaseVersion", manifest.Instance.DatabaseVersion, "PostgreSQL")
            .Add("schemaVersion", manifest.Instance.SchemaVersion, "schema")
            .Add("users", manifest.Counts.Users, "users")
            .Add("files", manifest.Counts.Files, "files")
            .Add("objects", manifest.Counts.Objects, "objects")
            .AddBytes("objectBytes", manifest.Counts.ObjectBytes, "their size")
            .Add("provedBy", proofs.Count(proof => proof.Verdict == ProofVerdict.Proved), "people who proved it")
            .Add("missing", manifest.Counts.Missing, "missing")
            .Add("missingDerived", manifest.Counts.MissingDerived, "derived missing")
            .Add("previous", manifest.Previous?.Id.ToString() ?? "", "the one before"));
    }
}
