using System.Globalization;
using System.Text.Json.Nodes;
using EtcdBackupAgent.Archive.Posix;
using EtcdBackupAgent.Core.Restores;
using EtcdBackupAgent.Snapshots.DataDirectory;
using Spectre.Console;

namespace EtcdBackupAgent.Output;

/// <summary>
/// Formats the result of a restore and the next steps. The reader may do this for the first time, at night.
/// </summary>
internal static class RestoreText
{
    public static JsonObject Document(RestoreOutcome outcome) => new()
    {
        ["id"] = outcome.Manifest.Id.Value,
        ["etcdSnapshot"] = outcome.SnapshotPath,
        ["objects"] = outcome.ObjectsPath,
        ["certificates"] = outcome.CertificatesPath,
        ["restoredRevision"] = WindowText.Document(outcome.Revision),
    };

    public static JsonObject Document(DataDirectoryOutcome outcome) => new()
    {
        ["id"] = outcome.Manifest?.Id.Value,
        ["dataDirectory"] = outcome.DataDirectory,
        ["walDirectory"] = outcome.WalDirectory,
        ["certificates"] = outcome.CertificatesPath,
        ["clusterId"] = outcome.Summary.ClusterId.ToString("x", CultureInfo.InvariantCulture),
        ["memberId"] = outcome.Summary.MemberId.ToString("x", CultureInfo.InvariantCulture),
        ["memberIds"] = new JsonArray(
        [
            .. outcome.Summary.MemberIds.Select(id => JsonValue.Create(id.ToString("x", CultureInfo.InvariantCulture))),
        ]),
        ["token"] = outcome.Summary.Token,
        ["revisionBefore"] = outcome.Summary.RevisionBefore,
        ["revision"] = outcome.Summary.RevisionAfter,
        ["restoredRevision"] = WindowText.Document(outcome.Revision),
        ["databaseBytes"] = outcome.Summary.DatabaseBytes,
        ["alarms"] = new JsonArray(
        [
            .. outcome.Summary.Alarms.Select(alarm => new JsonObject
            {
                ["kind"] = alarm.Kind,
                ["memberId"] = alarm.MemberId.ToString("x", CultureInfo.InvariantCulture),
                ["kept"] = alarm.Kept,
                ["why"] = alarm.Reason,
            }),
        ]),
    };

    public static void Write(IAnsiConsole console, RestoreOutcome outcome)
    {
        console.WriteLine($"Restore from snapshot {outcome.Manifest.Id} completed");
        WriteRevision(console, outcome.Revision, nameWidth: 0);
        if (outcome.CertificatesPath is not null)
        {
            console.WriteLine($"Certificates: {outcome.CertificatesPath}");
        }

        if (outcome.ObjectsPath is not null)
        {
            console.WriteLine($"Objects: {outcome.ObjectsPath}");
            console.WriteLine(
                $"Next: etcd-backup-agent objects restore {outcome.Manifest.Id} --dry-run writes them to a cluster");
        }

        if (outcome.SnapshotPath is not null)
        {
            console.WriteLine($"Etcd snapshot: {outcome.SnapshotPath}");
            console.WriteLine($"Next: etcd-backup-agent restore --file {outcome.SnapshotPath} --data-dir DIR");
            console.WriteLine(
                "      with --name, --initial-cluster and --initial-advertise-peer-urls of the new member");
        }
    }

    public static void Write(
        IAnsiConsole console, DataDirectoryOutcome outcome, DataDirectoryRequest request, MountTable mounts)
    {
        RestoreSummary summary = outcome.Summary;
        string from = outcome.Manifest is { } manifest ? $"snapshot {manifest.Id}" : "the snapshot file";
        console.WriteLine($"Restore from {from} completed");
        console.WriteLine($"Data directory: {outcome.DataDirectory} ({Readable.Bytes(summary.DatabaseBytes)})");
        if (outcome.WalDirectory is not null)
        {
            console.WriteLine($"Log directory:  {outcome.WalDirectory}");
        }

        console.WriteLine(
            $"Member:         {request.Plan.Name} ({summary.MemberId:x}) of cluster {summary.ClusterId:x}");
        console.WriteLine(
            $"Token:          {summary.Token}{(request.Plan.Token is null ? ", derived from the snapshot" : "")}");
        console.WriteLine(
            summary.RevisionAfter == summary.RevisionBefore
                ? $"Revision:       {summary.RevisionBefore}"
                : $"Revision:       {summary.RevisionBefore}, bumped to {summary.RevisionAfter}; "
                    + "existing watches must list again");
        WriteRevision(console, outcome.Revision, "Data directory: ".Length);
        if (outcome.CertificatesPath is not null)
        {
            console.WriteLine($"Certificates:   {outcome.CertificatesPath}");
        }

        foreach (RestoredAlarm alarm in summary.Alarms)
        {
            console.WriteLine($"Alarm {alarm.Kind}: {(alarm.Kept ? "kept" : "cleared")}, {alarm.Reason}");
        }

        console.WriteLine();
        console.WriteLine("Next, on a kubeadm control-plane node:");
        foreach (string line in RestoreSteps.Of(outcome, request.Plan, mounts))
        {
            console.WriteLine($"  {line}");
        }

        console.WriteLine("docs/disaster-recovery.md describes all steps, for one node and for three.");
    }

    private static void WriteRevision(IAnsiConsole console, RestoredRevision? restored, int nameWidth)
    {
        foreach ((string name, string value) in restored is null ? [] : WindowText.Facts(restored))
        {
            console.WriteLine($"{$"{name}:".PadRight(Math.Max(0, nameWidth - 1))} {value}");
        }
    }
}
