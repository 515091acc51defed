using System.Text;
using EtcdBackupAgent.IntegrationTests.Etcd;
using Etcdserverpb;

namespace EtcdBackupAgent.IntegrationTests.Snapshots;

/// <summary>
/// Writes with a client and computes every record that etcd must store, with a simple model of etcd. It never reads
/// from etcd.
/// </summary>
internal sealed class WrittenKeys(IndependentClient client)
{
    private readonly List<StoredRecord> _records = [];
    private readonly SortedDictionary<string, StoredRecord> _live = new(StringComparer.Ordinal);

    /// <summary>All records in the order of the revisions.</summary>
    public IReadOnlyList<StoredRecord> Records => _records;

    /// <summary>Returns the keys that existed at a revision, in order, as a client reads them.</summary>
    public IReadOnlyList<StoredRecord> At(long revision) =>
    [
        .. _records
            .Where(record => record.Main <= revision)
            .GroupBy(record => record.Key, StringComparer.Ordinal)
            .Select(ofKey => ofKey.Last() with { Sub = 0 })
            .Where(record => record.Value is not null)
            .OrderBy(record => record.Key, StringComparer.Ordinal),
    ];

    public Task PutAsync(string key, string value, long lease = 0) =>
        PutAsync(key, Encoding.UTF8.GetBytes(value), lease);

    public Task PutAsync(string key, byte[] value, long lease = 0) =>
        ChangeAsync(puts: [(key, value, lease)], deleted: []);

    public Task DeleteAsync(params string[] keys) => ChangeAsync([], keys);

    /// <summary>Makes one transaction: first the puts, then the deletions.</summary>
    public async Task ChangeAsync(
        IReadOnlyList<(string Key, byte[] Value, long Lease)> puts, IReadOnlyList<string> deleted)
    {
        IEnumerable<RequestOp> operations =
        [
            .. puts.Select(put => IndependentClient.Put(put.Key, put.Value, put.Lease)),
            .. deleted.Select(IndependentClient.Delete),
        ];
        await client.ChangeAsync(operations);
        int sub = 0;
        foreach ((string key, byte[] value, long lease) in puts)
        {
            StoredRecord? before = _live.GetValueOrDefault(key);
            StoredRecord record = new(
                client.Revision,
                sub++,
                key,
                StoredRecord.Text(value),
                before?.Created ?? client.Revision,
                (before?.Version ?? 0) + 1,
                lease);
            _records.Add(record);
            _live[key] = record;
        }

        foreach (string key in deleted)
        {
            AddDeletion(key, sub++);
        }
    }

    /// <summary>Revokes a lease. etcd then deletes its only key.</summary>
    public async Task RevokeAsync(long lease)
    {
        string key = _live.Values.Single(record => record.Lease == lease).Key;
        await client.RevokeLeaseAsync(lease);
        AddDeletion(key, sub: 0);
    }

    private void AddDeletion(string key, long sub)
    {
        _live.Remove(key);
        _records.Add(new StoredRecord(client.Revision, sub, key, null, 0, 0, 0));
    }
}
