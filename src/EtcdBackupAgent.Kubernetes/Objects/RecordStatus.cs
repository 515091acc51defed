using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Documents;

namespace EtcdBackupAgent.Kubernetes.Objects;

/// <summary>The status of a MetadataBackupRecord: what is known of its snapshot, for the people who read it. Fields:
/// <c>docs/kubernetes.md</c>.</summary>
/// <param name="status">The status, which the setter changes.</param>
internal sealed class RecordStatus(JsonObject status)
{
    /// <summary>Writes what is known of the snapshot by now.</summary>
    /// <param name="manifest">The snapshot.</param>
    /// <param name="verification">What its last deep verification found; null leaves what is there.</param>
    public void Set(SnapshotManifest manifest, VerificationRecord? verification)
    {
        status["startedAt"] = StatusTime.Text(manifest.StartedAt);
        status["completedAt"] = StatusTime.Text(manifest.CompletedAt);
        status["sizeBytes"] = manifest.PlainBytes;
        status["storedBytes"] = manifest.StoredBytes;
        status["etcdRevision"] = manifest.Etcd.Revision;
        status["etcdClusterId"] = $"{manifest.Etcd.ClusterId}";
        if (verification is not null)
        {
            status["verified"] = $"{verification.Result}";
            status["verifiedAt"] = StatusTime.Text(verification.CompletedAt);
        }
    }
}
