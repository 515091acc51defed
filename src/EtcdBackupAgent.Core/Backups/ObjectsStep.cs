using System.Diagnostics;
using EtcdBackupAgent.Core.Artifacts;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.ObjectLines;

namespace EtcdBackupAgent.Core.Backups;

/// <summary>The step of a backup that stores the objects that an API server lists.</summary>
/// <remarks>1. Identify the cluster. 2. Stream the objects into the repository. 3. Describe what was read.</remarks>
internal sealed class ObjectsStep(IObjectSource source, ArtifactWriter writer)
{
    /// <param name="warn">Receives what was left out.</param>
    /// <param name="cancellationToken">A cancelled call stores no complete object.</param>
    public async Task<StoredState> StoreAsync(Action<string> warn, CancellationToken cancellationToken)
    {
        using Activity? span = BackupTrace.Start("objects");

        // 1
        ApiCluster cluster = await source.IdentifyAsync(cancellationToken);

        // 2
        await using ObjectLinesStream lines = new(source.ReadAsync(warn, cancellationToken));
        ArtifactManifest artifact = await writer.StoreObjectsAsync(lines, cancellationToken);

        // 3
        return new StoredState(artifact, SnapshotKind.Full, KindReason: null)
        {
            Cluster = cluster with
            {
                Revision = lines.Resources.Select(resource => resource.ResourceVersion).DefaultIfEmpty(0).Min(),
                Objects = lines.Resources.Sum(resource => resource.Objects),
            },
        };
    }
}
