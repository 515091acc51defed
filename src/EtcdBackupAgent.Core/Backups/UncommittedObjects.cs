using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Repository;

namespace EtcdBackupAgent.Core.Backups;

/// <summary>The objects of a snapshot that is never committed, because its backup or import failed.</summary>
internal static class UncommittedObjects
{
    /// <summary>How long a failed or cancelled backup may take to remove what it stored.</summary>
    private static readonly TimeSpan CleanUpDeadline = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Removes the objects of a backup that failed or was cancelled. The original failure stays the one that is thrown.
    /// </summary>
    /// <param name="repository">The repository.</param>
    /// <param name="folder">The folder, which has no manifest.</param>
    /// <param name="why">The failure.</param>
    /// <param name="time">The clock of the deadline.</param>
    /// <exception cref="BackupException">The objects could not be removed either.</exception>
    public static async Task RemoveAsync(
        BackupRepository repository, SnapshotFolder folder, Exception why, TimeProvider time)
    {
        using CancellationTokenSource deadline = new(CleanUpDeadline, time);
        try
        {
            await repository.RemoveUncommittedAsync(folder, deadline.Token);
        }
        catch (Exception e) when (e is BackupException or OperationCanceledException)
        {
            throw new BackupException(
                (why as BackupException)?.Reason
                    ?? (why is OperationCanceledException ? FailureReason.Cancelled : FailureReason.Unexpected),
                $"{why.Message} The objects that it stored in {folder} could not be removed either ({e.Message}); "
                + $"prune removes them {(IsLocked(e) ? "after that" : "after 24 hours")}.",
                why)
            {
                Hint = (why as BackupException)?.Hint,
                Settings = (why as BackupException)?.Settings ?? [],
            };
        }
    }

    private static bool IsLocked(Exception e) => e is BackupException { Reason: FailureReason.ObjectLocked };
}
