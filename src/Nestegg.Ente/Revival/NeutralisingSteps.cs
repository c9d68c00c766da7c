namespace Nestegg.Ente.Revival;

/// <summary>
/// What is taken out of a restored database before museum starts on it. A museum started on an old database was seen to
/// delete a live photo within a second, and to purge the trash within two minutes.
/// All times of Ente are microseconds since 1970; <c>@now</c> is that of the restore.
/// </summary>
internal static class NeutralisingSteps
{
    /// <summary>How far sequences are raised: more ids than an instance hands out between two snapshots.</summary>
    public const long SequenceStep = 1_000_000;

    private const string Day = "86400000000";
    private const string Hour = "3600000000";

    /// <summary>Every step, in the order in which they run.</summary>
    /// <param name="isBesideProduction">The copy runs beside the instance it was taken from, and nothing in it may ever fall due.</param>
    /// <param name="keepsQueue">The queue is kept, so its waiting times start anew.</param>
    public static IReadOnlyList<NeutralisingStep> For(bool isBesideProduction, bool keepsQueue)
    {
        // A copy for looking at must not come to life later either: a century instead of a month.
        var (pause, pauseText) = isBesideProduction ? ($"36500 * {Day}", "in 100 years") : ($"30 * {Day}", "30 days from now");
        return [.. Sessions, Queue(keepsQueue), .. ShortLived, .. DueDates(pause, pauseText), .. People];
    }

    /// <summary>The step that is not about rows.</summary>
    public const string Sequences = "sequences";

    // A READY recovery goes back to WAITING; where the pair has a WAITING one already, the READY one is stopped, because a pair may have
    // one of each only.
    private const string RestartRecoveries = $"""
        UPDATE emergency_recovery r SET
            status = CASE WHEN r.status = 'READY' AND EXISTS (
                SELECT 1 FROM emergency_recovery w
                WHERE w.user_id = r.user_id AND w.emergency_contact_id = r.emergency_contact_id AND w.status = 'WAITING') THEN 'STOPPED' ELSE 'WAITING' END,
            wait_till = @now + {Hour} * COALESCE((
                SELECT c.notice_period_in_hrs FROM emergency_contact c
                WHERE c.user_id = r.user_id AND c.emergency_contact_id = r.emergency_contact_id), 720)
        WHERE r.status IN ('WAITING', 'READY')
        """;

    private static NeutralisingStep[] Sessions =>
    [
        Clear(
            "tokens", "sessions ended",
            "apps ask only for what is newer than what they have seen, so without a new sign-in they would miss what the restore "
            + "brought back",
            "tokens"),
        Clear("push_tokens", "push tokens removed", "a restored instance must not push to real phones", "push_tokens"),
    ];

    private static NeutralisingStep Queue(bool keepsQueue) => keepsQueue
        ? Step(
            "queue-dates", "waiting times of queued work started anew",
            "deletions that were queued before the snapshot would be due at once",
            On("queue", "UPDATE queue SET created_at = @now WHERE NOT COALESCE(is_deleted, false)"))
        : Clear(
            "queue", "queued work removed",
            "museum deletes what a queued row names without asking again; what was deleted for good before the snapshot stays in "
            + "the buckets instead",
            "queue");

    private static NeutralisingStep[] ShortLived =>
    [
        Clear(
            "temp_objects", "unfinished uploads forgotten",
            "an upload that was finished after the snapshot would be taken for garbage and its bytes deleted", "temp_objects"),
        Clear("sign-ins", "sign-ins in progress ended", "one-time codes and half-finished sign-ins are hours old at best",
            "otts", "srp_sessions", "temp_srp_setup", "temp_two_factor", "two_factor_sessions", "two_factor_used_codes",
            "passkey_login_sessions", "webauthn_sessions"),
        Clear(
            "short-lived", "casts, pastes, key exchanges and task locks removed",
            "they live for minutes or a day, and a lock of the old machine would hold up a job of the new one",
            "casting", "kex_store", "public_paste_tokens", "task_lock"),
    ];

    private static NeutralisingStep[] DueDates(string pause, string pauseText) =>
    [
        Step(
            "trash", $"trash falls due {pauseText}",
            "what has fallen due since the snapshot would be purged within two minutes, before anybody could look",
            On("trash", $"UPDATE trash SET delete_by = @now + "
                + $"{pause} WHERE NOT is_deleted AND NOT is_restored AND delete_by < @now + {pause}")),
        Step(
            "account-deletions", $"pending account deletions go on {pauseText}",
            "their owner may have taken the deletion back after the snapshot",
            On("data_cleanup", $"UPDATE data_cleanup SET stage_schedule_time = @now + {pause} WHERE CAST(stage AS text) <> "
                + $"'completed' AND stage_schedule_time < @now + {pause}")),
        Step(
            "derived-deletions", $"pending deletions of ML data, previews and pictures go on {pauseText}",
            "museum removes them within minutes of its start",
            On("file_data", $"UPDATE file_data SET sync_locked_till = @now + {pause} WHERE is_deleted AND pending_sync"),
            On("user_attachments", $"UPDATE user_attachments SET sync_locked_till = @now + {pause} WHERE is_deleted AND pending_sync")),
    ];

    private static NeutralisingStep[] People =>
    [
        Step(
            "inactive-users", "warnings of inactive accounts forgotten",
            "with all sessions ended people look inactive, and a recorded warning counts towards the deletion of the account on "
            + "museum's first run",
            On("notification_history", @"DELETE FROM notification_history WHERE template_id LIKE 'inactive\_user\_deletion\_%'")),
        Step(
            "recoveries", "waiting times of account recoveries by trusted contacts started anew",
            "one that its owner refused after the snapshot would let the contact in",
            On("emergency_recovery", RestartRecoveries)),
        Step(
            "kit-recoveries", "account recoveries by legacy kit cancelled",
            "one that its owner refused after the snapshot would let its finder in; it can be begun anew",
            On("legacy_kit_challenge", "DELETE FROM legacy_kit_challenge"),
            On("legacy_kit_recovery_session_token", "DELETE FROM legacy_kit_recovery_session_token"),
            On("legacy_kit_recovery_session", "UPDATE legacy_kit_recovery_session SET status = 'CANCELLED' WHERE status IN "
                + "('WAITING', 'READY')")),
    ];

    private static NeutralisingStatement On(string table, string sql) => new(table, sql);

    private static NeutralisingStep Clear(string name, string what, string reason, params string[] tables) =>
        new(name, what, reason, [.. tables.Select(table => new NeutralisingStatement(table, $"DELETE FROM {table}"))]);

    private static NeutralisingStep Step(string name, string what, string reason, params NeutralisingStatement[] statements) =>
        new(name, what, reason, statements);
}
