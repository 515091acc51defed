using System.Globalization;
using EtcdBackupAgent.IntegrationTests.Etcd;
using Etcdserverpb;

namespace EtcdBackupAgent.IntegrationTests.Snapshots;

/// <summary>
/// Random changes of clients to an etcd. There are few keys, so that they are changed, deleted and created again.
/// </summary>
internal sealed class EtcdWorkload(IndependentClient etcd, Random random)
{
    private const int Keys = 12;
    private const int OperationsMax = 6;
    private const long LeaseSeconds = 3600;

    private readonly List<long> _leases = [];

    /// <summary>The revisions of deletions, where a compaction is most difficult.</summary>
    public List<long> Deletions { get; } = [];

    public async Task ChangeAsync(int changes)
    {
        for (int i = 0; i < changes; i++)
        {
            await (random.Next(20) switch
            {
                < 7 => etcd.ChangeAsync(Put(Key())),
                < 11 => DeleteAsync([IndependentClient.Delete(Key())]),
                < 17 => ChangeSeveralAsync(),
                17 => GrantAsync(),
                18 => RevokeAsync(),
                _ => DeleteAsync([IndependentClient.DeleteFrom(Key())]),
            });
        }
    }

    public Task DeleteAllAsync() => DeleteAsync([IndependentClient.DeleteFrom("\0")]);

    /// <summary>
    /// Chooses a revision to compact: the last, that of a deletion, the one before the last, or any. Returns null if
    /// all are compacted.
    /// </summary>
    public long? ChooseCompaction(long compacted)
    {
        long head = etcd.Revision;
        if (compacted >= head)
        {
            return null;
        }

        List<long> deletions = [.. Deletions.Where(revision => revision > compacted)];
        return random.Next(4) switch
        {
            0 => head,
            1 when deletions.Count > 0 => deletions[random.Next(deletions.Count)],
            2 => Math.Max(compacted + 1, head - 1),
            _ => random.NextInt64(compacted + 1, head + 1),
        };
    }

    private string Key() => string.Create(CultureInfo.InvariantCulture, $"/registry/pods/{random.Next(Keys)}");

    private RequestOp Put(string key) => IndependentClient.Put(
        key,
        new string('v', random.Next(200)),
        _leases.Count > 0 && random.Next(3) == 0 ? _leases[random.Next(_leases.Count)] : 0);

    private async Task DeleteAsync(IEnumerable<RequestOp> operations)
    {
        await etcd.ChangeAsync(operations);
        Deletions.Add(etcd.Revision);
    }

    /// <summary>Makes one transaction. etcd allows every key at most once in it.</summary>
    private Task ChangeSeveralAsync()
    {
        IEnumerable<string> keys = Enumerable
            .Range(0, 1 + random.Next(OperationsMax))
            .Select(_ => Key())
            .Distinct(StringComparer.Ordinal);
        return DeleteAsync(keys.Select(key => random.Next(3) == 0 ? IndependentClient.Delete(key) : Put(key)));
    }

    private async Task GrantAsync() => _leases.Add(await etcd.GrantLeaseAsync(LeaseSeconds));

    /// <summary>Revokes a lease. etcd deletes all its keys in one transaction.</summary>
    private async Task RevokeAsync()
    {
        if (_leases.Count > 0)
        {
            long lease = _leases[random.Next(_leases.Count)];
            _leases.Remove(lease);
            await etcd.RevokeLeaseAsync(lease);
            Deletions.Add(etcd.Revision);
        }
    }
}
