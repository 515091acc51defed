using System.Collections.Concurrent;
using EtcdBackupAgent.Kubernetes.Controllers;

namespace EtcdBackupAgent.IntegrationTests.KubernetesApi.Controllers;

/// <summary>Counts reconciliations by their result.</summary>
internal sealed class ReconcileCounts : IReconcileMetrics
{
    private readonly ConcurrentDictionary<(string Kind, ReconcileResult Result), int> _counts = new();
    private readonly ConcurrentDictionary<string, int> _depths = new(StringComparer.Ordinal);

    /// <summary>The number of waiting names of all kinds.</summary>
    public int Waiting => _depths.Values.Sum();

    public int Of(string kind, ReconcileResult result) => _counts.GetValueOrDefault((kind, result));

    public void Reconciled(string kind, ReconcileResult result, TimeSpan duration) =>
        _counts.AddOrUpdate((kind, result), 1, (_, count) => count + 1);

    public void QueueChanged(string kind, int depth) => _depths[kind] = depth;
}
