using System.Diagnostics;
using System.Globalization;
using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.History;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Repository;

namespace EtcdBackupAgent.Core.Backups;

/// <summary>The step of a backup that requests HashKV from the member, if it is due. It never fails a backup.</summary>
/// <remarks>
/// <para>
/// 1. <see cref="PolicyHashKv.Never"/>: skip the request.
/// 2. <see cref="PolicyHashKv.Daily"/>, and the database is large: skip the request.
/// 3. <see cref="PolicyHashKv.Daily"/>, and a good snapshot of the last day has a HashKV: skip the request.
/// 4. Request HashKV from the member that was read.
/// </para>
/// <para>
/// The member serves no write and no linearizable read while it computes the hash, about 0.5 s for each GB
/// (docs/performance.md). So the hash is requested only after the stream has ended, and not more often than the policy
/// allows. A backup without a hash is equally good, but a later verification can prove less. The manifest records why
/// there is no hash.
/// </para>
/// </remarks>
internal sealed class HashKvStep(BackupRepository repository, BackupRequest request, DateTimeOffset startedAt)
{
    /// <summary>The interval of <see cref="PolicyHashKv.Daily"/>.</summary>
    public static readonly TimeSpan DailyInterval = TimeSpan.FromHours(24);

    /// <summary>
    /// HashKV is due this much earlier than <see cref="DailyInterval"/>, because scheduled backups do not start at the
    /// exact second.
    /// </summary>
    public static readonly TimeSpan DailySlack = TimeSpan.FromMinutes(30);

    /// <summary>
    /// With more bytes in use, <see cref="PolicyHashKv.Daily"/> does not request HashKV: the member would stop for two
    /// seconds or more.
    /// </summary>
    public const long DailyBytesMax = 4L << 30;

    /// <summary>
    /// Returns the member of the snapshot with its HashKV, or with a sentence that explains why there is none.
    /// </summary>
    /// <param name="snapshot">A snapshot that was read to its end.</param>
    /// <param name="warn">Called if there is no HashKV although the policy wants one.</param>
    /// <param name="cancellationToken">A cancelled call does not stop the computation in the member.</param>
    public async Task<EtcdMember> ExecuteAsync(
        EtcdSnapshot snapshot, Action<string> warn, CancellationToken cancellationToken)
    {
        EtcdMember member = snapshot.Member;
        try
        {
            if (await FindSkipReasonAsync(member, cancellationToken) is { } skipReason)
            {
                return member with { HashKvMissing = skipReason };
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

    private async Task<string?> FindSkipReasonAsync(EtcdMember member, CancellationToken cancellationToken)
    {
        // 1
        if (request.HashKv == PolicyHashKv.Never)
        {
            return "The policy does not request HashKV (hashKV: Never).";
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
                $"{inUse / (double)(1L << 30):0.0} GiB of the database are in use; above {DailyBytesMax >> 30} GiB "
                + $"HashKV is requested only with hashKV: AfterBackup.");
        }

        // 3
        return await LastOfTheDayAsync(member.ClusterId, cancellationToken) is { } last
            ? $"HashKV was not due: the policy requests it daily (hashKV: Daily), and snapshot {last.Id} of "
                + $"{last.Manifest.StartedAt.ToUniversalTime():u} has one."
            : null;
    }

    /// <summary>
    /// Returns the newest good snapshot of this policy and cluster that is less than a day old and has a HashKV. A
    /// snapshot that a wrong clock dated in the future does not count: otherwise HashKV would not be due for a very
    /// long time.
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
            throw e.WithMessage(
                "It is not known whether HashKV is due (hashKV: Daily), because the repository cannot be read: "
                + $"{e.Message}");
        }

        return recent.LastOrDefault(snapshot =>
            snapshot.IsGood
            && snapshot.Manifest.Policy == request.Policy
            && snapshot.Manifest.ClusterId == clusterId
            && snapshot.Manifest.Etcd?.HashKv is not null);
    }
}
