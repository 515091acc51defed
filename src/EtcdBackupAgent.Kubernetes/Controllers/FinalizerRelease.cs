using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Kubernetes.Api;
using EtcdBackupAgent.Kubernetes.Objects;
using EtcdBackupAgent.Kubernetes.Publishing;

namespace EtcdBackupAgent.Kubernetes.Controllers;

/// <summary>
/// The last that a controller does in a namespace that is being deleted, with the controller in it: nobody will be there to deal with the
/// objects that wait for our finalizers, and the namespace would wait for ever. Snapshots are not touched.
/// </summary>
internal sealed class FinalizerRelease(ConnectedCluster cluster)
{
    private static readonly (ResourceKind Kind, string Finalizer)[] Held =
    [
        (ClusterKinds.Record, ClusterNames.RecordFinalizer),
        (ClusterKinds.Policy, ClusterNames.PolicyFinalizer),
    ];

    private readonly FinalizerRemoval _finalizers = new(cluster.Client);

    /// <summary>Takes our finalizers from everything in the namespace, if that is being deleted; otherwise does nothing.</summary>
    /// <exception cref="BackupException">What the API server says.</exception>
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

            foreach ((ResourceKind kind, string finalizer) in Held)
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
            throw ApiFailure.From(cluster.Client.Connection, $"release what waits in namespace {cluster.Namespace}", e);
        }
    }
}
