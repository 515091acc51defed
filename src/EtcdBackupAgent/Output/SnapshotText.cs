using System.Globalization;
using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Core.History;
using EtcdBackupAgent.Core.Repository;
using Spectre.Console;

namespace EtcdBackupAgent.Output;

/// <summary>Formats snapshots.</summary>
internal static class SnapshotText
{
    private const string Damaged = "damaged";

    private static readonly Style Good = new(Color.Green);
    private static readonly Style Bad = new(Color.Red);

    /// <summary>
    /// The columns that are left out on a narrow terminal, in this order. <c>show</c> prints all values.
    /// </summary>
    private static readonly string[] OptionalColumns = ["AGE", "CLUSTER", "REASON", "STORED", "VERIFIED"];

    /// <summary>The column with the base of incremental snapshots; a list without any does not have it.</summary>
    private const string BaseColumn = "BASE";

    /// <summary>The column with the restore points; a list without any does not have it.</summary>
    private const string PointColumn = "RESTORE POINT";

    /// <summary>The column with the dates of locks; a list without any does not have it.</summary>
    private const string LockColumn = "LOCKED UNTIL";

    /// <summary>The column with the names that users gave; a list without any does not have it.</summary>
    private const string NameColumn = "NAME";

    /// <summary>
    /// All snapshots, oldest first, including those that cannot be read. The table is at most <paramref name="width"/>
    /// characters wide, if leaving columns out is enough.
    /// </summary>
    /// <param name="inventory">The snapshots.</param>
    /// <param name="isShown">Selects snapshots; null for all, also those that cannot be read.</param>
    /// <param name="now">The time that ages are relative to.</param>
    /// <param name="width">The width of the terminal, in characters.</param>
    public static Table Table(Inventory inventory, Func<Snapshot, bool>? isShown, DateTimeOffset now, int width)
    {
        string[] names =
        [
            "ID",
            NameColumn,
            "STARTED",
            "AGE",
            "POLICY",
            "CLUSTER",
            "REVISION",
            PointColumn,
            "SIZE",
            "STORED",
            "REASON",
            BaseColumn,
            LockColumn,
            "VERIFIED",
            "STATUS",
        ];
        (SnapshotFolder Folder, Snapshot? Snapshot)[] entries = [.. InOrder(inventory, isShown)];
        List<string[]> rows = [.. entries.Select(entry => Row(entry.Folder, entry.Snapshot, now))];
        List<int> shown = [.. Enumerable.Range(0, names.Length)];
        if (!entries.Any(entry => entry.Snapshot?.Manifest.IsIncremental == true))
        {
            shown.Remove(Array.IndexOf(names, BaseColumn));
        }

        if (!entries.Any(entry => entry.Snapshot?.IsLockedAt(now) == true))
        {
            shown.Remove(Array.IndexOf(names, LockColumn));
        }

        if (!entries.Any(entry => entry.Snapshot?.Manifest.RestorePoint is not null))
        {
            shown.Remove(Array.IndexOf(names, PointColumn));
        }

        if (!entries.Any(entry => entry.Snapshot?.Manifest.Name is not null))
        {
            shown.Remove(Array.IndexOf(names, NameColumn));
        }

        foreach (string name in OptionalColumns.TakeWhile(_ => shown.Sum(WidthOf) > width))
        {
            shown.Remove(Array.IndexOf(names, name));
        }

        Table table = Terminal.NewTable(shown.Select(column => names[column]));
        foreach (string[] row in rows)
        {
            table.AddRow(shown.Select(column => new Text(row[column], StyleOf(names[column], row[column]))));
        }

        return table;

        int WidthOf(int column) => 1 + rows.Select(row => row[column].Length).Append(names[column].Length).Max();
    }

    /// <summary>The age, or <c>in</c> and the remaining time for a time in the future.</summary>
    private static string Age(TimeSpan age) =>
        age < TimeSpan.Zero ? $"in {Readable.Duration(-age)}" : Readable.Duration(age);

    private static Style StyleOf(string column, string text) => (column, text) switch
    {
        ("VERIFIED", Damaged) => Bad,
        ("STATUS", "Complete") => Good,
        ("STATUS", "Incomplete") => new Style(Color.Yellow),
        ("STATUS", _) => Bad,
        _ => Style.Plain,
    };

    private static string[] Row(SnapshotFolder folder, Snapshot? snapshot, DateTimeOffset now)
    {
        string[] start =
        [
            folder.Id.Value,
            snapshot?.Manifest.Name ?? "-",
            Readable.Time(folder.StartedAt),
            Age(now - folder.StartedAt),
        ];
        string[] rest = snapshot?.Manifest is { } manifest
            ?
            [
                manifest.Policy.ToString(),
                manifest.ClusterId.ToString(),
                $"{manifest.Revision}",
                manifest.RestorePoint is { } point ? $"{point.Revision}" : "-",
                Readable.Bytes(manifest.PlainBytes),
                Readable.Bytes(manifest.StoredBytes),
                ReasonText(manifest.Reason),
                manifest.Base?.Id.Value ?? "-",
            ]
            : ["-", "-", "-", "-", "-", "-", "-", "-"];
        string verified = snapshot?.Verification switch
        {
            null => "-",
            { Result: VerificationResult.Damaged } => Damaged,
            { } sound => Age(now - sound.CompletedAt),
        };
        string locked = snapshot?.IsLockedAt(now) == true ? Readable.Time(snapshot.Lock!.Until) : "-";
        return [.. start, .. rest, locked, verified, Status(snapshot)];
    }

    /// <summary>The snapshots as a list of objects: the manifest's fields and a <c>status</c>.</summary>
    /// <param name="inventory">The snapshots.</param>
    /// <param name="isShown">Selects snapshots; null for all, also those that cannot be read.</param>
    public static JsonArray Document(Inventory inventory, Func<Snapshot, bool>? isShown) => new(
    [
        .. InOrder(inventory, isShown).Select(entry => entry.Snapshot is { } snapshot
            ? Document(snapshot, inventory.History)
            : new JsonObject
            {
                ["id"] = entry.Folder.Id.Value,
                ["startedAt"] = Readable.Rfc3339(entry.Folder.StartedAt),
                ["status"] = Status(null),
                ["problem"] = inventory.Unreadable.Single(u => u.Folder == entry.Folder).Problem.Message,
            }),
    ]);

    /// <summary>
    /// One snapshot: the manifest's fields, a <c>status</c>, what its cluster was restored from and, if it was verified
    /// deeply, the record as <c>verification</c>.
    /// </summary>
    public static JsonObject Document(Snapshot snapshot, SnapshotHistory history)
    {
        JsonObject document = snapshot.Manifest.ToJson();
        document["status"] = Status(snapshot);
        TrustText.AddTo(document, snapshot);
        if (snapshot.MissingParts is { } missing)
        {
            document["problem"] = missing;
        }

        if (snapshot.IsFromFuture)
        {
            document["future"] = true;
        }

        if (snapshot.Lock is { } found)
        {
            document["lockedUntil"] = Readable.Rfc3339(found.Until);
            document["lockMode"] = $"{found.Mode}";
        }

        IReadOnlyList<RestoreNote> origins = history.OriginsOf(snapshot.Manifest.ClusterId);
        if (origins.Count > 0)
        {
            document["clusterRestoredFrom"] = new JsonArray([.. origins.Select(note => new JsonObject
            {
                ["snapshotId"] = note.SnapshotId.Value,
                ["clusterId"] = $"{note.PreviousClusterId}",
            })]);
        }

        if (snapshot.Verification is { } verification)
        {
            document["verification"] = verification.ToJson();
        }

        if (snapshot.VerificationProblem is { } problem)
        {
            document["verificationProblem"] = problem.Message;
        }

        return document;
    }

    /// <summary>One snapshot in full, with one line for each fact.</summary>
    public static IEnumerable<string> Details(Snapshot snapshot, SnapshotHistory history)
    {
        SnapshotManifest manifest = snapshot.Manifest;
        List<(string Name, string Value)> lines =
        [
            ("Snapshot", manifest.Id.Value),
            ("Status", snapshot.MissingParts is { } missing ? $"{Status(snapshot)}: {missing}" : Status(snapshot)),
            (
                "Started",
                Readable.Time(manifest.StartedAt) + (snapshot.IsFromFuture ? ", in the future of this clock" : "")),
            ("Took", Readable.Duration(manifest.Duration)),
            ("Policy", manifest.Policy.ToString()),
            .. manifest.Name is { } name ? [("Name", name)] : Array.Empty<(string, string)>(),
            ("Reason", ReasonText(manifest.Reason) + (manifest.Note is { } note ? $": {note}" : "")),
            .. manifest.ExpiresAt is { } end ? [("Expires", Readable.Time(end))] : Array.Empty<(string, string)>(),
            .. TrustText.Lines(snapshot),
            .. snapshot.Lock is { } found ? [("Locked until", $"{found}")] : Array.Empty<(string, string)>(),
            .. manifest.Import is { } import ? ImportText.Lines(import) : [],
            .. KindLines(manifest),
            ("Agent", manifest.AgentVersion),
            (manifest.Etcd is null ? "Cluster" : "Etcd cluster", manifest.ClusterId.ToString()),
            .. history.OriginsOf(manifest.ClusterId).Select(note => ("Restored from", OriginText(note))),
            .. manifest.Etcd is { } member ? MemberLines(member) : ClusterLines(manifest.Cluster!),
            .. manifest.RestorePoint is { } point
                ? [("Restore point", PointText.Of(point))]
                : Array.Empty<(string, string)>(),
            .. manifest.Labels.Select(label => ($"Label {label.Key}", label.Value)),
        ];
        foreach (ArtifactManifest artifact in manifest.Artifacts)
        {
            lines.Add(($"{artifact.Kind}", artifact.Key.Value));
            lines.Add(("  plain", $"{Readable.Bytes(artifact.PlainBytes)}, SHA-256 {artifact.PlainSha256}"));
            lines.Add(("  stored", $"{Readable.Bytes(artifact.StoredBytes)}, SHA-256 {artifact.StoredSha256}"));
        }

        lines.AddRange(VerificationText.Details(snapshot));
        int nameWidth = lines.Max(line => line.Name.Length) + 2;
        return lines.Select(line => $"{line.Name}:".PadRight(nameWidth) + line.Value);
    }

    private static IEnumerable<(string Name, string Value)> MemberLines(EtcdMember member) =>
    [
        .. member.Endpoint is { } endpoint
            ? [("Etcd member", $"{member.MemberId} ({member.Role}) at {endpoint}"), ("Etcd version", member.Version!)]
            : Array.Empty<(string, string)>(),
        ("Revision", $"{member.Revision}"),
        ("HashKV", HashKvText(member)),
        ("Raft", $"term {NumberText(member.RaftTerm)}, index {NumberText(member.RaftIndex)}"),
    ];

    private static string NumberText(ulong? number) => number?.ToString(CultureInfo.InvariantCulture) ?? "not known";

    private static IEnumerable<(string Name, string Value)> ClusterLines(ApiCluster cluster) =>
    [
        ("API server", $"{cluster.Version} at {cluster.Endpoint}"),
        ("Cluster UID", cluster.Uid ?? "not known"),
        ("Revision", $"{cluster.Revision}"),
        ("Objects", $"{cluster.Objects}"),
    ];

    /// <summary>The origins of the clusters of a repository, with one line for each that was restored.</summary>
    public static IEnumerable<string> Origins(Inventory inventory) => inventory.Snapshots
        .Select(s => s.Manifest.ClusterId)
        .Distinct()
        .SelectMany(inventory.History.OriginsOf)
        .Select(note => $"Cluster {note.ClusterId} was restored from {OriginText(note)}.");

    /// <summary>How the database is stored; nothing for a full snapshot of which no increments were wanted.</summary>
    private static IEnumerable<(string Name, string Value)> KindLines(SnapshotManifest manifest)
    {
        if (manifest.Base is { } needed)
        {
            yield return ("Kind", $"incremental, stands on {needed.Id} (revision {needed.Revision})");
        }
        else if (manifest.KindReason is not null)
        {
            yield return ("Kind", "full");
        }

        if (manifest.KindReason is { } reason)
        {
            yield return ("  because", reason);
        }
    }

    private static string OriginText(RestoreNote note) =>
        $"snapshot {note.SnapshotId} of cluster {note.PreviousClusterId}";

    private static string HashKvText(EtcdMember member) => member.HashKv is { } hash
        ? $"{hash.Hash} at revision {hash.Revision}, compacted at {hash.CompactRevision}"
        : $"none{(member.HashKvMissing is { } why ? $": {why}" : "")}";

    public static string ReasonText(BackupReason reason) => reason switch
    {
        BackupReason.Schedule => "schedule",
        BackupReason.Missed => "missed",
        BackupReason.Import => "import",
        _ => "on-demand",
    };

    private static string Status(Snapshot? snapshot) => snapshot switch
    {
        null => "Unreadable",
        { IsComplete: true, IsDamaged: true } => "Damaged",
        { IsComplete: true, Signature.Counts: false } => "Untrusted",
        { IsComplete: true, Exclusion: not null } => "Excluded",
        { IsComplete: true } => "Complete",
        _ => "Incomplete",
    };

    private static IEnumerable<(SnapshotFolder Folder, Snapshot? Snapshot)> InOrder(
        Inventory inventory, Func<Snapshot, bool>? isShown)
    {
        Dictionary<SnapshotFolder, Snapshot> readable = inventory.Snapshots.ToDictionary(snapshot => snapshot.Folder);
        return inventory.Folders
            .Select(folder => (Folder: folder, Snapshot: readable.GetValueOrDefault(folder)))
            .Where(entry => isShown is null || (entry.Snapshot is { } snapshot && isShown(snapshot)));
    }
}
