using EtcdBackupAgent.Snapshots.Bolt;
using EtcdBackupAgent.Snapshots.Revisions;
using Microsoft.Win32.SafeHandles;

namespace EtcdBackupAgent.Snapshots.Verification;

/// <summary>Checks a snapshot file as completely as possible without an etcd.</summary>
public static class SnapshotVerifier
{
    /// <summary>The most problems that are reported for one part; further ones are only counted.</summary>
    public const int ProblemsMax = 100;

    /// <summary>Checks a snapshot file.</summary>
    /// <param name="file">The database, open for random access.</param>
    /// <param name="databaseBytes">The size of the database, without etcd's trailer.</param>
    /// <param name="expected">The hash of the member when the snapshot was taken; null if it is not known.</param>
    /// <param name="cancellationToken">Cancels the check.</param>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static SnapshotProof Verify(
        SafeFileHandle file, long databaseBytes, HashKv? expected, CancellationToken cancellationToken) =>
        Examine(file, databaseBytes, expected, receiveValue: null, cancellationToken).Proof;

    /// <summary>Checks a snapshot file and reports its content.</summary>
    /// <remarks>
    /// 1. Read the metas: without a valid one nothing else can be read.
    /// 2. Check every page, in parallel on another thread.
    /// 3. Read every revision, for its own check, for HashKV and for the report; then etcd's own buckets.
    /// 4. Combine both results.
    /// </remarks>
    /// <param name="file">The database, open for random access.</param>
    /// <param name="databaseBytes">The size of the database, without etcd's trailer.</param>
    /// <param name="expected">The hash of the member when the snapshot was taken; null if it is not known.</param>
    /// <param name="receiveValue">Receives every stored value; null for none.</param>
    /// <param name="cancellationToken">Cancels the check.</param>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static SnapshotExamination Examine(
        SafeFileHandle file,
        long databaseBytes,
        HashKv? expected,
        StoredValueReceiver? receiveValue,
        CancellationToken cancellationToken) =>
        Examine(new FilePages(file), databaseBytes, expected, receiveValue, cancellationToken);

    /// <param name="file">The database, which does not change.</param>
    /// <param name="databaseBytes">The size of the database, without etcd's trailer.</param>
    /// <param name="expected">The hash of the member when the snapshot was taken; null if it is not known.</param>
    /// <param name="receiveValue">Receives every stored value; null for none.</param>
    /// <param name="cancellationToken">Cancels the check.</param>
    /// <inheritdoc cref="Examine(SafeFileHandle, long, HashKv, StoredValueReceiver, CancellationToken)"/>
    public static SnapshotExamination Examine(
        IPageSource file,
        long databaseBytes,
        HashKv? expected,
        StoredValueReceiver? receiveValue,
        CancellationToken cancellationToken)
    {
        // 1. the metas
        BoltDatabase database;
        try
        {
            database = BoltDatabase.Open(file, databaseBytes);
        }
        catch (SnapshotDamagedException e)
        {
            return NotOpened(e);
        }

        // 2. the pages
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task<BoltCheckReport> pages = Task.Run(
            () => BoltCheck.Run(database, ProblemsMax, stop.Token), CancellationToken.None);
        RevisionPass revisions;
        try
        {
            // 3. the revisions
            revisions = RevisionPass.Run(
                database, expected, Supersession.KeysMax, receiveValue, cancellationToken);
        }
        catch
        {
            // The caller may close the file after this, so wait until the other thread no longer reads it.
            stop.Cancel();
            ((IAsyncResult)pages).AsyncWaitHandle.WaitOne();
            throw;
        }

        // 4. both
        BoltCheckReport pageReport = pages.GetAwaiter().GetResult();
        return new SnapshotExamination
        {
            Proof = new SnapshotProof { Checks = [PageCheck(pageReport), .. revisions.Checks] },
            Report = revisions.Report is { } report
                ? report with { UsedBytes = (long)pageReport.PagesUsed * database.PageSizeBytes }
                : null,
        };
    }

    private static SnapshotCheck PageCheck(BoltCheckReport report) => new()
    {
        Part = CheckedPart.Pages,
        Result = report.ProblemCount == 0 ? CheckResult.Passed : CheckResult.Failed,
        Detail = $"{report.PagesUsed} pages in use, {report.PagesFree} free",
        Problems = report.ProblemCount > report.Problems.Count
            ? [.. report.Problems, $"and {report.ProblemCount - report.Problems.Count} more"]
            : report.Problems,
    };

    private static SnapshotExamination NotOpened(SnapshotDamagedException damage) => new()
    {
        Proof = new SnapshotProof
        {
            Checks =
            [
                new SnapshotCheck
                {
                    Part = CheckedPart.Pages,
                    Result = CheckResult.Failed,
                    Detail = "the database cannot be opened",
                    Problems = [damage.Message],
                },
                NotChecked(CheckedPart.Revisions),
                NotChecked(CheckedPart.HashKv),
            ],
        },
        Report = null,
    };

    private static SnapshotCheck NotChecked(CheckedPart part) =>
        new() { Part = part, Result = CheckResult.NotChecked, Detail = "the database cannot be opened" };
}
