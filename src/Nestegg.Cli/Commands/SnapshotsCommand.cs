using System.CommandLine;
using System.Text.Json;
using Nestegg.Cli.Terminal;
using Nestegg.Jobs;
using Nestegg.Proof;
using Nestegg.Repositories;
using Nestegg.Repositories.Manifests;

namespace Nestegg.Cli.Commands;

/// <summary><c>nestegg snapshots</c>: what is in the repository; with an id, all that a manifest says.</summary>
internal static class SnapshotsCommand
{
    public static Command Create(CommonOptions common)
    {
        var id = new Argument<string?>(
            "ID")
        {
            Description = "A snapshot: its id, the beginning of it, or latest", Arity = ArgumentArity.ZeroOrOne,
        };
        var forgotten = new Option<bool>("--forgotten") { Description = "List those too that are forgotten and not removed yet" };
        var command = new Command("snapshots", "Lists the snapshots, or describes one") { id, forgotten };
        common.SetAction(
            command, (parse, _) => (Asked: parse.GetValue(id), WithForgotten: parse.GetValue(forgotten)),
            (run, request, cancellationToken) => request.Asked is null
                ? ListAsync(run, request.WithForgotten, cancellationToken)
                : DescribeAsync(run, request.Asked, cancellationToken));
        return command.WithExamples(
            "nestegg snapshots", "nestegg snapshots latest", "nestegg snapshots --forgotten", "nestegg snapshots 20261123T19 --repository /mnt/nas/nestegg");
    }

    private static async Task<ExitCode> ListAsync(CommandRun run, bool withForgotten, CancellationToken cancellationToken)
    {
        var (output, zone) = (run.Output, run.Context.Configuration.Retention.TimeZone);
        var listing = await SnapshotsJob.ListAsync(run.Context, withForgotten, run.Log, cancellationToken);
        foreach (var snapshot in listing.Snapshots)
        {
            output.Event("snapshot", json => WriteTo(json, snapshot, Proved(snapshot, zone)));
        }

        if (!output.IsJson)
        {
            // Only who asks for forgotten ones has a column for them.
            string[] columns = ["id", "time", "complete", "users", "files", "objects", "size", "new", "schema", "instance", "proved"];
            output.Table(
                "snapshot", [.. columns, .. withForgotten ? ["forgotten"] : Array.Empty<string>()],
                listing.Snapshots.Select(snapshot => (Cell[])
                [
                    .. Row(snapshot.Manifest, Proved(snapshot, zone), zone),
                    .. withForgotten ? [snapshot.ForgottenAt is { } at ? MomentText.Of(at, zone) : "no"] : Array.Empty<Cell>(),
                ]));
        }

        var summary = new Summary()
            .Add("snapshots", listing.Finished, "snapshots")
            .Add("forgotten", listing.Forgotten, "forgotten")
            .Add("unfinished", listing.Unfinished, "unfinished")
            .Add("damaged", run.Log.Errors, "damaged");
        return output.Finish(summary, run.Log.Errors > 0 ? ExitCode.Damaged : ExitCode.Done);
    }

    private static void WriteTo(Utf8JsonWriter json, ListedSnapshot snapshot, string proved)
    {
        var manifest = snapshot.Manifest;
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
        if (snapshot.ForgottenAt is { } at)
        {
            json.WriteString("forgottenAt", at);
        }
    }

    private static Cell[] Row(Manifest manifest, string proved, TimeZoneInfo zone) =>
    [
        Cell.Whole(manifest.Id.ToString()), Cell.Whole(MomentText.Of(manifest.CreatedAt, zone)), manifest.Complete ? "yes" : "no",
        manifest.Counts.Users, manifest.Counts.Files, manifest.Counts.Objects,
        Cell.Bytes(manifest.Counts.ObjectBytes),
        manifest.Counts.NewObjects, Cell.Id(manifest.Instance.SchemaVersion), manifest.Instance.Name, proved,
    ];

    /// <summary>By how many of the people and when last: <c>2 of 3 people, 2026-11-23</c>.</summary>
    private static string Proved(ListedSnapshot snapshot, TimeZoneInfo zone)
    {
        var proved = snapshot.Proved;
        if (proved.NewestAt is not { } newestAt)
        {
            return "no";
        }

        string[] parts =
        [
            .. proved.Whole > 0 ? [$"{proved.Whole} of {snapshot.Manifest.Counts.Users:N0} people"] : Array.Empty<string>(),
            .. proved.InPart > 0 ? [$"{proved.InPart} in part"] : Array.Empty<string>(),
            .. proved.Failed > 0 ? [$"FAILED for {proved.Failed}"] : Array.Empty<string>(),
            MomentText.DayOf(newestAt, zone),
        ];
        return string.Join(", ", parts);
    }

    private static async Task<ExitCode> DescribeAsync(CommandRun run, string id, CancellationToken cancellationToken)
    {
        var (manifest, proofs) = await SnapshotsJob.DescribeAsync(run.Context, id, run.Log, cancellationToken);
        var (output, zone) = (run.Output, run.Context.Configuration.Retention.TimeZone);
        foreach (var finding in manifest.Findings)
        {
            output.Report(new FindingEvent(finding));
        }

        output.Table("missing", ["key", "size", "kind", "reason"], manifest.Missing.Select(
            lost => (Cell[])[lost.Key, lost.SizeBytes, lost.Kind, lost.Reason]));
        output.Table("kind", ["kind", "objects", "size"], manifest.Counts.Kinds.Select(
            kind => (Cell[])[kind.Key, kind.Value.Objects, Cell.Bytes(kind.Value.Bytes)]));
        output.Table(
            "bucket", ["slot", "bucket", "setting", "what it is"],
            manifest.Buckets.SelectMany(BucketText.Of).Select(row => (Cell[])[row.Slot, row.Bucket, row.Setting, row.Text]));
        output.Table("proof", ["person", "verdict", "when", "files", "proved", "not proved", "share", "by"], proofs.Select(proof => (Cell[])
        [
            Cell.Id(proof.UserId),
            ProofText.Of(proof.Verdict), Cell.Whole(MomentText.ExactOf(proof.FinishedAt, zone)),
            proof.Counts.Files, proof.Counts.FilesProved, proof.Counts.FilesNotProved, $"{proof.Sample * 100:0.##} %", proof.Program,
        ]));
        return output.Finish(new Summary()
            .Add("id", manifest.Id.ToString(), "snapshot")
            .Add("complete", manifest.Complete, "complete")
            .Add("createdAt", MomentText.ExactOf(manifest.CreatedAt, zone), "the moment")
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
