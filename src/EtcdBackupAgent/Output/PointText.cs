using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.RestorePoints;

namespace EtcdBackupAgent.Output;

/// <summary>Formats restore points.</summary>
internal static class PointText
{
    /// <summary>The revision and why.</summary>
    public static string Of(SnapshotPoint point) =>
        $"revision {point.Revision}{(point.Reason is { } reason ? $", {reason}" : "")}";

    /// <summary>
    /// A sentence for a restore point that was chosen because nothing else was requested; null for another choice.
    /// </summary>
    public static string? Note(RestorePoint? chosen) => chosen is { Default: { } point, Snapshot: var snapshot }
        ? $"Snapshot {snapshot.Id} is read at its restore point, {Of(point)}. "
            + $"{SnapshotAt.Text(snapshot.Id.Value, snapshot.Manifest.Revision)} is its own state."
        : null;

    /// <summary>One object; null for none.</summary>
    public static JsonObject? Document(SnapshotPoint? point) => point is null
        ? null
        : new JsonObject { ["revision"] = point.Revision, ["reason"] = point.Reason };
}
