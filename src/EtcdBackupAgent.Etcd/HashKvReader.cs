using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Etcd.Api;
using EtcdBackupAgent.Etcd.Failures;
using EtcdBackupAgent.Snapshots.Verification;

namespace EtcdBackupAgent.Etcd;

/// <summary>
/// Requests HashKV from a member at the revision that it had just before its snapshot was opened. It uses a new
/// connection: that of the snapshot may be closed by now.
/// </summary>
/// <remarks>
/// <list type="number">
/// <item>
/// Skip a learner: etcd allows it to serve only its status, serializable reads and, since 3.5, a snapshot.
/// </item>
/// <item>
/// Check which member responds. If the address leads to another member, do not request HashKV: it would block that
/// member for nothing.
/// </item>
/// <item>Request HashKV. A revision that was compacted meanwhile has no HashKV any more.</item>
/// <item>
/// Refuse the response of another member, since a proxy can choose a member for each call: the other member may have
/// compacted less than the snapshot.
/// </item>
/// <item>
/// Refuse a hash that may be stored rather than computed now. Since 3.5 a compaction stores the HashKV of its own
/// revision, with the <em>previous</em> compaction as its compact revision, and etcd returns stored hashes first. The
/// compaction then removes the data that the hash was computed from. So if the revision is compacted, only a response
/// that has it as its compact revision can be computed again from a snapshot. Source: <c>HashByRev</c> in etcd's
/// <c>server/storage/mvcc/hash.go</c>.
/// </item>
/// </list>
/// </remarks>
internal sealed class HashKvReader(
    EtcdConnection connection, Uri endpoint, EtcdMember member, TimeProvider timeProvider)
{
    private const string Compacted =
        "it was compacted while the backup was made (Kubernetes compacts every five minutes)";

    /// <exception cref="BackupException">
    /// There is no hash that can be computed again from the snapshot; the message gives the reason.
    /// </exception>
    public async Task<HashKv> ReadAsync(CancellationToken cancellationToken)
    {
        using EtcdClient client = new(connection, endpoint, timeProvider);

        // 1
        if (member.Role == EtcdMemberRole.Learner)
        {
            throw NoHashKv("it is a learner, and only voting members compute one");
        }

        // 2
        RequireMember((await client.StatusAsync(cancellationToken)).Header);

        // 3
        HashKVResponse response;
        try
        {
            response = await client.HashKvAsync(member.Revision, cancellationToken);
        }
        catch (BackupException e) when (EtcdFailure.IsCompacted(e))
        {
            throw NoHashKv(Compacted, e);
        }

        // 4
        RequireMember(response.Header);

        // 5. There is no revision before 1, and 0 would mean the latest.
        if (member.Revision > 1
            && response.CompactRevision != member.Revision
            && await client.IsCompactedAsync(member.Revision - 1, cancellationToken))
        {
            throw NoHashKv($"{Compacted}, and the hash may be older than the compaction");
        }

        return new HashKv
        {
            Revision = member.Revision,
            Hash = response.Hash,
            CompactRevision = response.CompactRevision,
        };
    }

    private void RequireMember(ResponseHeader? header)
    {
        EtcdId responder = new(header?.MemberId ?? 0);
        if (responder != member.MemberId)
        {
            throw NoHashKv($"member {responder} responded instead of {member.MemberId}");
        }
    }

    private BackupException NoHashKv(string why, Exception? inner = null) => new(
        FailureReason.EtcdFailed, $"{member.Endpoint} has no HashKV of revision {member.Revision}: {why}.", inner);
}
