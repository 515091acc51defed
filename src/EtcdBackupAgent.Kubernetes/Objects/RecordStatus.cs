using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Stores;

namespace EtcdBackupAgent.Kubernetes.Objects;

/// <summary>The status of a MetadataBackupRecord: what is known about its snapshot, for users. Fields:
/// <c>docs/kubernetes.md</c>.</summary>
/// <param name="status">The status, which the setter changes.</param>
internal sealed class RecordStatus(JsonObject status)
{
    /// <summary>Sets what is currently known about the snapshot.</summary>
    /// <param name="manifest">The snapshot.</param>
    /// <param name="verification">The result of its last deep verification; null leaves the existing result.</param>
    /// <param name="locked">The lock of the snapshot; null leaves the existing date.</param>
    public void Set(SnapshotManifest manifest, VerificationRecord? verification, ObjectLock? locked)
    {
        status["startedAt"] = StatusTime.Text(manifest.StartedAt);
        status["completedAt"] = StatusTime.Text(manifest.CompletedAt);
        status["sizeBytes"] = manifest.PlainBytes;
        status["storedBytes"] = manifest.StoredBytes;
        status["etcdRevision"] = manifest.Revision;
        status["etcdClusterId"] = $"{manifest.ClusterId}";
        status["kind"] = $"{manifest.Kind}";
        if (manifest.Base is { } needed)
        {
            status["base"] = needed.Id.Value;
        }

        if (verification is not null)
        {
            status["verified"] = $"{verification.Result}";
            status["verifiedAt"] = StatusTime.Text(verification.CompletedAt);
        }

        if (locked is not null)
        {
            status["lockedUntil"] = StatusTime.Text(locked.Until);
        }
    }
}
