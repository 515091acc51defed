using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Runtime;

namespace EtcdBackupAgent.Commands;

/// <summary>
/// Notes in a repository that an etcd cluster was restored from one of its snapshots, so that the backups of the new
/// cluster go on with the history of the old one.
/// </summary>
internal static class RestoredCluster
{
    /// <exception cref="BackupException">What the store says.</exception>
    public static Task NoteAsync(
        BackupRepository repository,
        SnapshotManifest restored,
        EtcdId cluster,
        TimeProvider time,
        CancellationToken cancellationToken) =>
        new RestoreNotes(repository.Store).AddAsync(cluster, restored, AgentVersion.Text, time, cancellationToken);

    /// <summary>The same after a restore, which has succeeded whatever becomes of the note.</summary>
    public static async Task TryNoteAsync(
        BackupRepository repository,
        SnapshotManifest restored,
        EtcdId cluster,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        try
        {
            await NoteAsync(repository, restored, cluster, time, cancellationToken);
        }
        catch (Exception e) when (e is BackupException or OperationCanceledException)
        {
            string why = e is BackupException ? e.Message : "It was cancelled.";
            FailureText.WriteWarning(
                $"The restore is complete, but no note of it could be left in {repository.Store.Address}: {why} "
                + "Without one, the backups of the new cluster begin a history of their own, and snapshots of the old "
                + "cluster are not pruned. "
                + "Where the repository can be written, make up for it with: "
                + $"etcd-backup-agent restored {restored.Id} --cluster-id {cluster} --repository …");
        }
    }
}
