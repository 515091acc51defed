using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Runtime;

namespace EtcdBackupAgent.Commands;

/// <summary>
/// Records in a repository that an etcd cluster was restored from one of its snapshots, so that the backups of the new
/// cluster continue the history of the old one.
/// </summary>
internal static class RestoredCluster
{
    /// <summary>Adds the restore note to the repository.</summary>
    /// <exception cref="BackupException">The store failed to write the note.</exception>
    public static Task AddNoteAsync(
        BackupRepository repository,
        SnapshotManifest restored,
        EtcdId cluster,
        TimeProvider time,
        CancellationToken cancellationToken) =>
        new RestoreNotes(repository.Store).AddAsync(cluster, restored, AgentVersion.Text, time, cancellationToken);

    /// <summary>
    /// Adds the note after a restore. The restore has already succeeded, so a failure to write is a warning only.
    /// </summary>
    public static async Task TryAddNoteAsync(
        BackupRepository repository,
        SnapshotManifest restored,
        EtcdId cluster,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        try
        {
            await AddNoteAsync(repository, restored, cluster, time, cancellationToken);
        }
        catch (Exception e) when (e is BackupException or OperationCanceledException)
        {
            string why = e is BackupException ? e.Message : "It was cancelled.";
            FailureText.WriteWarning(
                $"The restore is complete, but failed to leave a note of it in {repository.Store.Address}: {why} "
                + "Without the note, the backups of the new cluster start a history of their own, and snapshots of the "
                + "old cluster are not pruned. "
                + "Where the repository is writable, add the note with: "
                + $"etcd-backup-agent restored {restored.Id} --cluster-id {cluster} --repository …");
        }
    }
}
