using System.Diagnostics;
using System.Globalization;
using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.History;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Repository;

namespace EtcdBackupAgent.Core.Backups;

/// <summary>The step of a backup that asks the member for HashKV, if it is due. It never fails a backup.</summary>
/// <remarks>
/// <para>
/// 1. <see cref="PolicyHashKv.Never"/>: not asked.
/// 2. <see cref="PolicyHashKv.Daily"/>, and the database is large: not asked.
/// 3. <see cref="PolicyHashKv.Daily"/>, and a good snapshot of the last day has one: not asked.
/// 4. Ask the member that was read.
/// </para>
/// <para>
/// The member makes no write and no linearizable read while it computes the hash, some 0.5 s for each GB
/// (docs/performance.md). So the hash is asked for once the stream has ended, and not more often than the policy says.
/// Without one a backup is as good; only less can be proved of it later. The manifest says why there is none.
/// </para>
/// </remarks>
internal sealed class HashKvStep(BackupRepository repository, BackupRequest request, DateTimeOffset startedAt)
{
    /// <summary>What <see cref="PolicyHashKv.Daily"/> means.</summary>
    public static readonly TimeSpan DailyInterval = TimeSpan.FromHours(24);

    /// <summary>
    /// How much earlier than after <see cref="DailyInterval"/> it is due: a schedule's backups never begin to the
    /// second.
    /// </summary>
    public static readonly TimeSpan DailySlack = TimeSpan.FromMinutes(30);

    /// <summary>
    /// Bytes in use above which <see cref="PolicyHashKv.Daily"/> does not ask: the member would stand still for two
    /// seconds or more.
    /// </summary>
    public const long DailyBytesMax = 4L << 30;

    /// <summary>The member of the snapshot, with its HashKV or with the sentence that says why there is none.</summary>
    /// <param name="snapshot">A snapshot that was read to its end.</param>
    /// <param name="warn">Called if there is none although the policy wants one.</param>
    /// <param name="cancellationToken">The member goes on with an answer that nobody waits for any more.</param>
    public async Task<EtcdMember> ExecuteAsync(
        EtcdSnapshot snapshot, Action<string> warn, CancellationToken cancellationToken)
    {
        EtcdMember member = snapshot.Member;
        try
        {
            if (await WhyNotAsync(member, cancellationToken) is { } notWanted)
            {
                return member with { HashKvMissing = notWanted };
            }

            // 4
            using Activity? span = BackupTrace.Start("hash");
            return member with { HashKv = await snapshot.AskHashKvAsync(cancellationToken) };
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            warn(
                "HashKV is missing, so a deep verification cannot compare the content with etcd's own hash: "
                + e.Message);
            return member with { HashKvMissing = e.Message };
        }
    }

    private async Task<string?> WhyNotAsync(EtcdMember member, CancellationToken cancellationToken)
    {
        // 1
        if (request.HashKv == PolicyHashKv.Never)
        {
            return "The policy does not ask for HashKV (hashKV: Never).";
        }

        if (request.HashKv == PolicyHashKv.AfterBackup)
        {
            return null;
        }

        // 2
        long inUse = member.DbSizeInUseBytes ?? member.DbSizeBytes;
        if (inUse > DailyBytesMax)
        {
            return string.Create(
                CultureInfo.InvariantCulture,
                $"{inUse / (double)(1L << 30):0.0} GiB of the database are in use, and above {DailyBytesMax >> 30} GiB "
                + $"the policy asks for HashKV only with hashKV: AfterBackup.");
        }

        // 3
        return await LastOfTheDayAsync(member.ClusterId, cancellationToken) is { } last
            ? $"HashKV was not due: the policy asks for it daily (hashKV: Daily), and snapshot {last.Id} of "
                + $"{last.Manifest.StartedAt.ToUniversalTime():u} has one."
            : null;
    }

    /// <summary>
    /// The newest snapshot of this policy and cluster that is less than a day old, good, and has a HashKV. One that a
    /// wrong clock dated in the future does not count: it would stand for a day that never ends.
    /// </summary>
    private async Task<Snapshot?> LastOfTheDayAsync(EtcdId clusterId, CancellationToken cancellationToken)
    {
        DateTimeOffset since = startedAt - DailyInterval + DailySlack;
        IReadOnlyList<Snapshot> recent;
        try
        {
            recent = await repository.FindStartedAsync(since, startedAt, cancellationToken);
        }
        catch (BackupException e)
        {
            throw new BackupException(
                e.Reason,
                $"Whether HashKV is due is not known (hashKV: Daily), since the repository cannot be read: {e.Message}",
                e);
        }

        return recent.LastOrDefault(snapshot =>
            snapshot.IsGood
            && snapshot.Manifest.Policy == request.Policy
            && snapshot.Manifest.Etcd.ClusterId == clusterId
            && snapshot.Manifest.Etcd.HashKv is not null);
    }
}
