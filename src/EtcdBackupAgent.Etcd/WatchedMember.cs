using System.Runtime.CompilerServices;
using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Etcd.Api;
using EtcdBackupAgent.Etcd.Members;
using EtcdBackupAgent.Etcd.Watching;

namespace EtcdBackupAgent.Etcd;

/// <summary>A connection to one member. It owns the client. Each response must come from this member.</summary>
internal sealed class WatchedMember(EtcdClient client, MemberIdentity member, string version, long head)
    : IWatchedMember
{
    public string Endpoint => member.Endpoint;

    public EtcdId ClusterId => member.ClusterId;

    public EtcdId MemberId => member.MemberId;

    public string Version => version;

    public long Head => head;

    public async Task<long> ReadHeadAsync(CancellationToken cancellationToken) =>
        member.Require("KV/Range", await client.ReadLinearizableAsync(cancellationToken)).Revision;

    public async IAsyncEnumerable<ChangeBatch> WatchAsync(
        long fromRevision, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(fromRevision, 1);
        using WatchStream watch = await client.WatchAsync(fromRevision, member, cancellationToken);
        yield return watch.Confirmation;
        while (true)
        {
            yield return await watch.NextAsync();
        }
    }

    public async Task<bool> IsCompactedAsync(long revision, CancellationToken cancellationToken) =>
        // No revision is below 1, and to etcd 0 means the latest.
        revision > 0 && await client.IsCompactedAsync(revision, cancellationToken);

    public async Task<long?> FindLeaseTtlAsync(long leaseId, CancellationToken cancellationToken)
    {
        LeaseTimeToLiveResponse lease = await client.LeaseTimeToLiveAsync(leaseId, cancellationToken);
        member.Require("Lease/LeaseTimeToLive", lease.Header);
        // The remaining time does not tell whether the lease exists: it is below 0 from its expiry to its revocation.
        return lease.GrantedTtl > 0 ? lease.GrantedTtl : null;
    }

    public async Task<string> ReadSettingsAsync(CancellationToken cancellationToken)
    {
        AuthStatusResponse? authentication = await client.AuthStatusAsync(cancellationToken);
        if (authentication is not null)
        {
            member.Require("Auth/AuthStatus", authentication.Header);
        }

        MemberListResponse list = await client.MemberListAsync(cancellationToken);
        member.Require("Cluster/MemberList", list.Header);
        return ClusterSettings.Describe(authentication, list.Members);
    }

    public ValueTask DisposeAsync()
    {
        client.Dispose();
        return ValueTask.CompletedTask;
    }
}
