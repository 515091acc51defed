using EtcdBackupAgent.Snapshots.Bolt;
using EtcdBackupAgent.Snapshots.Reports;
using EtcdBackupAgent.Snapshots.Revisions;

namespace EtcdBackupAgent.Snapshots.Verification;

/// <summary>
/// One pass over all revisions of a file, for the check of the records, for HashKV and for the report.
/// </summary>
internal sealed class RevisionPass
{
    private RevisionPass()
    {
    }

    /// <summary>The check of the revisions and that of HashKV.</summary>
    public required IReadOnlyList<SnapshotCheck> Checks { get; init; }

    /// <summary>The content of the file; null if it could not be read to its end.</summary>
    public required SnapshotReport? Report { get; init; }

    /// <summary>Runs the pass.</summary>
    /// <remarks>
    /// 1. Read the compaction. It determines whether the hash can be computed, and which compacted records count.
    /// 2. Read all records.
    /// 3. Read etcd's own buckets.
    /// </remarks>
    /// <param name="database">The database.</param>
    /// <param name="expected">The hash to compute again; null for none.</param>
    /// <param name="keysMax">The most keys in memory: <see cref="Supersession.KeysMax"/>, or fewer in a test.</param>
    /// <param name="receiveValue">Receives every stored value; null for none.</param>
    /// <param name="cancellationToken">Cancels the pass.</param>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static RevisionPass Run(
        BoltDatabase database,
        HashKv? expected,
        int keysMax,
        StoredValueReceiver? receiveValue,
        CancellationToken cancellationToken)
    {
        ProblemList problems = new(SnapshotVerifier.ProblemsMax);
        SnapshotReport? report = null;
        SnapshotCheck? hashCheck = null;
        try
        {
            // 1. the compaction
            Compaction compaction = Compaction.Read(database);
            hashCheck = HashKvCheck.FindObstacle(expected, compaction);
            HashKvComputation? hash = expected is null || hashCheck is not null
                ? null
                : HashKvComputation.Prepare(
                    database, expected.Revision, expected.CompactRevision, keysMax, cancellationToken);
            RevisionCounts counts = RevisionCounts.Prepare(database, compaction, keysMax, cancellationToken);

            // 2. the records
            ReadRecords(database, problems, hash, counts, receiveValue, cancellationToken);
            long revision = Math.Max(counts.HighestRevision, compaction.Revision);
            hashCheck ??= HashKvCheck.Judge(expected!, hash!, revision);
            report = ReportOf(database, compaction, counts, revision);
        }
        catch (SnapshotDamagedException e)
        {
            problems.Add(e.Message);
        }

        // 3. etcd's own buckets
        EtcdState state = new EtcdBuckets(database, problems, cancellationToken).Read();
        report = report is null ? null : report with { State = state };
        return new RevisionPass
        {
            Checks =
            [
                new SnapshotCheck
                {
                    Part = CheckedPart.Revisions,
                    Result = problems.Count == 0 ? CheckResult.Passed : CheckResult.Failed,
                    Detail = report is null
                        ? "the revisions could not be read to their end"
                        : $"{report.Revisions} revisions up to {report.Revision}, {report.LiveKeys} keys",
                    Problems = problems.Lines,
                },
                hashCheck ?? HashKvCheck.NotChecked("the revisions could not be read to their end"),
            ],
            Report = report,
        };
    }

    private static void ReadRecords(
        BoltDatabase database,
        ProblemList problems,
        HashKvComputation? hash,
        RevisionCounts counts,
        StoredValueReceiver? receiveValue,
        CancellationToken cancellationToken)
    {
        RevisionCheck check = new(problems);
        RevisionReader reader = RevisionReader.OpenRequired(database);
        while (reader.MoveNext())
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (!reader.TryRead(out RevisionEntry entry, out string? problem))
            {
                problems.Add($"page {reader.PageId}: {problem}");
                continue;
            }

            check.Add(entry, reader.PageId);
            hash?.Add(entry);
            counts.Add(entry);
            if (entry.IsPut)
            {
                receiveValue?.Invoke(entry.Record.Key, entry.Record.Value);
            }
        }
    }

    private static SnapshotReport ReportOf(
        BoltDatabase database, Compaction compaction, RevisionCounts counts, long revision) => new()
        {
            Revision = revision,
            CompactRevision = compaction.Revision,
            IsCompactionUnfinished = compaction.IsUnfinished,
            LiveKeys = counts.LiveKeys,
            Revisions = counts.Revisions,
            Tombstones = counts.Tombstones,
            Prefixes = counts.Prefixes.Reports(),
            OtherPrefixes = counts.Prefixes.Others,
            DatabaseBytes = database.SizeBytes,
            UsedBytes = null,
            State = new EtcdState(),
        };
}
