using System.Collections.Concurrent;
using EtcdBackupAgent.Kubernetes.Objects;

namespace EtcdBackupAgent.Kubernetes.Controllers;

/// <summary>The records whose deletion was observed and is not yet written to the cluster. A record stays here for
/// milliseconds, or for as long as the API server does not respond. See
/// <c>docs/decisions/0009-finalizers-only-while-deleting.md</c>.</summary>
internal sealed class DeletedRecords
{
    private readonly ConcurrentDictionary<string, RecordObject> _byName = new(StringComparer.Ordinal);

    /// <summary>Adds a record, unless the agent itself removed it.</summary>
    /// <param name="last">The last state of the record.</param>
    public void Add(RecordObject last)
    {
        // The deletion of a record with the agent's finalizer was handled before the record was removed.
        if (!last.HasAgentFinalizer && !last.IsSnapshotGone)
        {
            _byName[last.Name] = last;
        }
    }

    public RecordObject? Find(string name) => _byName.GetValueOrDefault(name);

    public bool Contains(string name) => _byName.ContainsKey(name);

    public void Remove(RecordObject last) => _byName.TryRemove(KeyValuePair.Create(last.Name, last));
}
