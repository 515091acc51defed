using EtcdBackupAgent.Snapshots.Bolt;
using EtcdBackupAgent.Snapshots.Revisions;
using Microsoft.Win32.SafeHandles;

namespace EtcdBackupAgent.Snapshots.Verification;

/// <summary>Looks into a snapshot file as deeply as it can be looked into without an etcd.</summary>
public static class SnapshotVerifier
{
    /// <summary>Problems told of one part; of more, only the number is told.</summary>
    public const int ProblemsMax = 100;

    /// <param name="file">The database, open for random access.</param>
    /// <param name="databaseBytes">Its size, without etcd's trailer.</param>
    /// <param name="expected">What the member answered when the snapshot was taken; null if that is not known.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static SnapshotProof Verify(
        SafeFileHandle file, long databaseBytes, HashKv? expected, CancellationToken cancellationToken) =>
        Examine(file, databaseBytes, expected, cancellationToken).Proof;

    /// <summary>The same, and tells what is in the file.</summary>
    /// <remarks>
    /// 1. The metas: without a valid one there is nothing to look at.
    /// 2. Every page, on a thread of its own.
    /// 3. Every revision, for its own sake, for HashKV and for the report; then etcd's own buckets.
    /// 4. Both together.
    /// </remarks>
    /// <param name="file">The database, open for random access.</param>
    /// <param name="databaseBytes">Its size, without etcd's trailer.</param>
    /// <param name="expected">What the member answered when the snapshot was taken; null if that is not known.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static SnapshotExamination Examine(
        SafeFileHandle file, long databaseBytes, HashKv? expected, CancellationToken cancellationToken)
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
        Task<BoltCheckReport> pages = Task.Run(() => BoltCheck.Run(database, ProblemsMax, stop.Token), CancellationToken.None);
        RevisionPass revisions;
        try
        {
            // 3. the revisions
            revisions = RevisionPass.Run(database, expected, Supersession.KeysMax, cancellationToken);
        }
        catch
        {
            // The file is the caller's, who may close it: nobody may read it any more.
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
                    Detail = "it cannot be opened",
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
