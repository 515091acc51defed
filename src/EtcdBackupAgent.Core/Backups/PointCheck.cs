using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Core.Failures;

namespace EtcdBackupAgent.Core.Backups;

/// <summary>
/// Opens snapshots of another source, and finds out whether they have the restore point that the backup was requested
/// with. It never fails a backup: one without its restore point is better than none before an upgrade.
/// </summary>
/// <remarks>
/// <para>
/// 1. Open the snapshot.
/// 2. A revision that the member had not reached when its status was read is left out.
/// 3. Ask the member whether it still has the revision: one small request. If it has been compacted, it is left out.
/// 4. If the member does not answer, keep it: a restore of a revision that is not there fails, and says so.
/// </para>
/// <para>
/// The order matters: what the member has after the snapshot was opened, the snapshot has too. Asked at the end of a
/// long backup, the member may have compacted a revision that is in the snapshot.
/// </para>
/// </remarks>
/// <param name="source">Opens the snapshots.</param>
/// <param name="occasion">Why the backup is made.</param>
internal sealed class PointCheck(ISnapshotSource source, BackupOccasion occasion) : ISnapshotSource
{
    /// <summary>The restore point of the snapshot that was opened last; null if it has none.</summary>
    public SnapshotPoint? Found { get; private set; }

    /// <summary>What is not as requested, of the snapshot that was opened last; null if all is.</summary>
    public string? Warning { get; private set; }

    public async Task<EtcdSnapshot> OpenAsync(CancellationToken cancellationToken) =>
        await CheckAsync(await source.OpenAsync(cancellationToken), cancellationToken);

    public async Task<EtcdSnapshot> OpenForChangesAsync(EtcdId preferredMember, CancellationToken cancellationToken) =>
        await CheckAsync(
            await source.OpenForChangesAsync(preferredMember, cancellationToken), cancellationToken);

    /// <summary>Steps 2 to 4.</summary>
    private async Task<EtcdSnapshot> CheckAsync(EtcdSnapshot snapshot, CancellationToken cancellationToken)
    {
        (Found, Warning) = (null, null);
        if (occasion.RestorePoint is not { } revision)
        {
            return snapshot;
        }

        SnapshotPoint point = new() { Revision = revision, Reason = occasion.Note };

        // 2
        if (revision > snapshot.Member.Revision)
        {
            Warning = $"Revision {revision} cannot be the restore point of the snapshot: the etcd member at "
                + $"{snapshot.Member.Endpoint} had only reached revision {snapshot.Member.Revision}. A restore goes to "
                + "the snapshot's own state.";
            return snapshot;
        }

        try
        {
            // 3
            bool isThere = await snapshot.HasRevisionAsync(revision, cancellationToken);
            Found = isThere ? point : null;
            Warning = isThere ? null : Compacted(revision);
        }
        catch (BackupException e)
        {
            // 4
            (Found, Warning) = (point, NotKnown(revision, e));
        }
        catch
        {
            await snapshot.DisposeAsync();
            throw;
        }

        return snapshot;
    }

    private static string Compacted(long revision) =>
        $"Revision {revision} cannot be the restore point of the snapshot: etcd has already compacted it, which "
        + "Kubernetes lets it do every five minutes. A restore goes to the snapshot's own state.";

    private static string NotKnown(long revision, BackupException why) =>
        $"It is not known whether the snapshot still has revision {revision}, its restore point: {why.Message}";
}
