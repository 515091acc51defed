using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Etcd.Api;
using EtcdBackupAgent.Etcd.Failures;
using EtcdBackupAgent.Snapshots.Verification;

namespace EtcdBackupAgent.Etcd;

/// <summary>
/// Asks a member for HashKV at the revision it had just before its snapshot was opened, on a connection of its own:
/// that of the snapshot may be closed by now.
/// </summary>
/// <remarks>
/// <list type="number">
/// <item>Do not ask a learner: etcd lets it answer no more than its status, serializable reads and, since 3.5, a
/// snapshot.</item>
/// <item>Ask who answers, and do not ask another member, behind one address: it would stand still for nothing.</item>
/// <item>Ask. A revision that has been compacted since has no HashKV any more.</item>
/// <item>Refuse the answer of another member all the same, since a proxy may choose one for each call: it may have
/// compacted less than the snapshot.</item>
/// <item>
/// Refuse what may not be computed now but remembered. Since 3.5 a compaction stores the HashKV of its own revision,
/// with the compaction <em>before</em> it as its compact revision, and etcd answers out of that store first. What it
/// was computed from, the compaction then removed. So if the revision is compacted, only an answer that says so itself
/// can be computed again from a snapshot. Source: <c>HashByRev</c> in etcd's <c>server/storage/mvcc/hash.go</c>.
/// </item>
/// </list>
/// </remarks>
internal sealed class HashKvQuestion(
    EtcdConnection connection, Uri endpoint, EtcdMember member, TimeProvider timeProvider)
{
    private const string Compacted =
        "it was compacted while the backup was made (Kubernetes compacts every five minutes)";

    /// <exception cref="BackupException">There is no answer that could be computed again, and why.</exception>
    public async Task<HashKv> AskAsync(CancellationToken cancellationToken)
    {
        using EtcdClient client = new(connection, endpoint, timeProvider);

        // 1
        if (member.Role == EtcdMemberRole.Learner)
        {
            throw None("it is a learner, and only voting members compute one");
        }

        // 2
        RequireMember((await client.StatusAsync(cancellationToken)).Header);

        // 3
        HashKVResponse answer;
        try
        {
            answer = await client.HashKvAsync(member.Revision, cancellationToken);
        }
        catch (BackupException e) when (EtcdFailure.IsCompacted(e))
        {
            throw None(Compacted, e);
        }

        // 4
        RequireMember(answer.Header);

        // 5. There is nothing before revision 1, and 0 would mean the latest.
        if (member.Revision > 1
            && answer.CompactRevision != member.Revision
            && await client.IsCompactedAsync(member.Revision - 1, cancellationToken))
        {
            throw None($"{Compacted}, and the answer may be older than that");
        }

        return new HashKv { Revision = member.Revision, Hash = answer.Hash, CompactRevision = answer.CompactRevision };
    }

    private void RequireMember(ResponseHeader? header)
    {
        EtcdId answering = new(header?.MemberId ?? 0);
        if (answering != member.MemberId)
        {
            throw None($"member {answering} answered instead of {member.MemberId}");
        }
    }

    private BackupException None(string why, Exception? inner = null) => new(
        FailureReason.EtcdFailed, $"{member.Endpoint} has no HashKV of revision {member.Revision}: {why}.", inner);
}
