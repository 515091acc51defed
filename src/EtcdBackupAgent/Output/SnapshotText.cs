using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Repository;
using Spectre.Console;

namespace EtcdBackupAgent.Output;

/// <summary>How snapshots are shown.</summary>
internal static class SnapshotText
{
    /// <summary>All snapshots, oldest first, those that cannot be read among them.</summary>
    public static Table Table(Inventory inventory, DateTimeOffset now)
    {
        Table table = Terminal.NewTable("ID", "STARTED", "AGE", "POLICY", "CLUSTER", "REVISION", "SIZE", "STORED", "REASON", "STATUS");
        foreach ((SnapshotFolder folder, Snapshot? snapshot) in InOrder(inventory))
        {
            string[] start = [folder.Id.Value, Readable.Time(folder.StartedAt), Readable.Duration(now - folder.StartedAt)];
            string[] rest = snapshot?.Manifest is { } manifest
                ?
                [
                    manifest.Policy.ToString(),
                    manifest.Etcd.ClusterId.ToString(),
                    $"{manifest.Etcd.Revision}",
                    Readable.Bytes(manifest.PlainBytes),
                    Readable.Bytes(manifest.StoredBytes),
                    ReasonText(manifest.Reason),
                ]
                : ["-", "-", "-", "-", "-", "-"];
            table.AddRow([.. start.Concat(rest).Append(Status(snapshot)).Select(cell => new Text(cell))]);
        }

        return table;
    }

    /// <summary>All snapshots as a list of objects: the manifest's fields and a <c>status</c>.</summary>
    public static JsonArray Document(Inventory inventory) =>
    [
        .. InOrder(inventory).Select(entry => entry.Snapshot is { } snapshot
            ? Document(snapshot)
            : new JsonObject
            {
                ["id"] = entry.Folder.Id.Value,
                ["startedAt"] = Readable.Rfc3339(entry.Folder.StartedAt),
                ["status"] = Status(null),
                ["problem"] = inventory.Unreadable.Single(u => u.Folder == entry.Folder).Problem.Message,
            }),
    ];

    /// <summary>One snapshot: the manifest's fields and a <c>status</c>.</summary>
    public static JsonObject Document(Snapshot snapshot)
    {
        JsonObject document = snapshot.Manifest.ToJson();
        document["status"] = Status(snapshot);
        return document;
    }

    /// <summary>One snapshot in full.</summary>
    public static Grid Details(Snapshot snapshot)
    {
        SnapshotManifest manifest = snapshot.Manifest;
        List<(string Name, string Value)> lines =
        [
            ("Snapshot", manifest.Id.Value),
            ("Status", Status(snapshot)),
            ("Started", Readable.Time(manifest.StartedAt)),
            ("Took", Readable.Duration(manifest.Duration)),
            ("Policy", manifest.Policy.ToString()),
            ("Reason", ReasonText(manifest.Reason)),
            ("Agent", manifest.AgentVersion),
            ("Etcd cluster", manifest.Etcd.ClusterId.ToString()),
            ("Etcd member", $"{manifest.Etcd.MemberId} ({manifest.Etcd.Role}) at {manifest.Etcd.Endpoint}"),
            ("Etcd version", manifest.Etcd.Version),
            ("Revision", $"{manifest.Etcd.Revision}"),
            ("Raft", $"term {manifest.Etcd.RaftTerm}, index {manifest.Etcd.RaftIndex}"),
            .. manifest.Labels.Select(label => ($"Label {label.Key}", label.Value)),
        ];
        foreach (ArtifactManifest artifact in manifest.Artifacts)
        {
            lines.Add(($"{artifact.Kind}", artifact.Key.Value));
            lines.Add(("  plain", $"{Readable.Bytes(artifact.PlainBytes)}, SHA-256 {artifact.PlainSha256}"));
            lines.Add(("  stored", $"{Readable.Bytes(artifact.StoredBytes)}, SHA-256 {artifact.StoredSha256}"));
        }

        Grid grid = new Grid().AddColumn(new GridColumn().NoWrap()).AddColumn(new GridColumn().NoWrap());
        foreach ((string name, string value) in lines)
        {
            grid.AddRow(new Text($"{name}:"), new Text(value));
        }

        return grid;
    }

    public static string ReasonText(BackupReason reason) => reason switch
    {
        BackupReason.Schedule => "schedule",
        BackupReason.Missed => "missed",
        _ => "on-demand",
    };

    private static string Status(Snapshot? snapshot) => snapshot switch
    {
        null => "Unreadable",
        { IsComplete: true } => "Complete",
        _ => "Incomplete",
    };

    private static IEnumerable<(SnapshotFolder Folder, Snapshot? Snapshot)> InOrder(Inventory inventory) =>
        inventory.Snapshots.Select(s => (s.Folder, (Snapshot?)s))
            .Concat(inventory.Unreadable.Select(u => (u.Folder, (Snapshot?)null)))
            .OrderBy(entry => entry.Item1.ToString(), StringComparer.Ordinal);
}
