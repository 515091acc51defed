using System.Collections.Concurrent;
using EtcdBackupAgent.Kubernetes.Objects;

namespace EtcdBackupAgent.Kubernetes.Controllers;

/// <summary>Records whose deletion was seen and has not been written down in the cluster yet: for milliseconds, or for
/// as long as the API server does not answer. See
/// <c>docs/decisions/0009-finalizers-only-while-deleting.md</c>.</summary>
internal sealed class DeletedRecords
{
    private readonly ConcurrentDictionary<string, RecordObject> _byName = new(StringComparer.Ordinal);

    /// <summary>Remembers a record, unless the agent itself removed it.</summary>
    /// <param name="last">The record as it was last.</param>
    public void Add(RecordObject last)
    {
        // With our finalizer, its deletion was dealt with before it went.
        if (!last.HasOurFinalizer && !last.IsSnapshotGone)
        {
            _byName[last.Name] = last;
        }
    }

    public RecordObject? Find(string name) => _byName.GetValueOrDefault(name);

    public bool Contains(string name) => _byName.ContainsKey(name);

    public void Remove(RecordObject last) => _byName.TryRemove(KeyValuePair.Create(last.Name, last));
}
