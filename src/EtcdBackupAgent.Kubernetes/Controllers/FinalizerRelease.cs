using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Kubernetes.Api;
using EtcdBackupAgent.Kubernetes.Objects;
using EtcdBackupAgent.Kubernetes.Publishing;

namespace EtcdBackupAgent.Kubernetes.Controllers;

/// <summary>
/// The last action of a controller whose own namespace is being deleted. Afterwards no process remains that could
/// handle the agent's finalizers, and the objects and the namespace would wait for ever. Snapshots are not touched.
/// </summary>
internal sealed class FinalizerRelease(ConnectedCluster cluster)
{
    private static readonly (ResourceKind Kind, string Finalizer)[] Finalizers =
    [
        (ClusterKinds.Record, ClusterNames.RecordFinalizer),
        (ClusterKinds.Policy, ClusterNames.PolicyFinalizer),
    ];

    private readonly FinalizerRemoval _finalizers = new(cluster.Client);

    /// <summary>Removes the agent's finalizers from all objects of the namespace if the namespace is being deleted;
    /// otherwise does nothing.</summary>
    /// <exception cref="BackupException">A request to the API server failed.</exception>
    public async Task ExecuteAsync(CancellationToken cancellationToken)
    {
        try
        {
            JsonObject? ns = await cluster.Client.FindAsync(
                ClusterKinds.Namespace, ns: null, cluster.Namespace, cancellationToken);
            if (ns is not null && !ObjectMetadata.IsBeingDeleted(ns))
            {
                return;
            }

            foreach ((ResourceKind kind, string finalizer) in Finalizers)
            {
                ResourceList list = await cluster.Client.ListAsync(
                    kind, cluster.Namespace, ResourceSelection.All, cancellationToken);
                foreach (JsonObject item in list.Items)
                {
                    await _finalizers.RemoveAsync(kind, item, finalizer, cancellationToken);
                }
            }
        }
        catch (Exception e) when (ApiFailure.IsKnown(e))
        {
            throw ApiFailure.From(
                cluster.Client.Connection, $"remove the finalizers in namespace {cluster.Namespace}", e);
        }
    }
}
