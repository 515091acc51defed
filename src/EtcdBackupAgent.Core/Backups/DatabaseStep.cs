using System.Diagnostics;
using EtcdBackupAgent.Archive.Spilling;
using EtcdBackupAgent.Core.Artifacts;
using EtcdBackupAgent.Core.Databases;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Core.History;
using EtcdBackupAgent.Snapshots;
using EtcdBackupAgent.Snapshots.Changes;
using EtcdBackupAgent.Snapshots.Revisions;

namespace EtcdBackupAgent.Core.Backups;

/// <summary>
/// The step of a backup that stores the database: as changes since a base if that is requested and possible, otherwise
/// as a whole.
/// </summary>
/// <remarks>
/// <para>
/// 1. Open the snapshot. Without a base, stream it into the repository.
/// 2. Compare the member with the base's.
/// 3. Require room in the scratch directory; read the stream into a sealed file there, because etcd keeps a read
/// transaction open meanwhile, and because changes are found in the order of the keys.
/// 4. If the database is in the middle of a compaction, read it once more after <see cref="CompactionWait"/>.
/// 5. Store the changes.
/// 6. If they cannot be written or would be too large, store the whole database from the scratch file.
/// </para>
/// <para>
/// Each obstacle makes the snapshot a full one, with the reason; none fails the backup. etcd is read again only in
/// step 4, and if the scratch file cannot be written or read to its end.
/// </para>
/// </remarks>
internal sealed class DatabaseStep(
    ISnapshotSource source, ArtifactWriter writer, ScratchSpace scratch, TimeProvider time)
{
    /// <summary>How long an unfinished compaction may take until the database is read once more.</summary>
    public static readonly TimeSpan CompactionWait = TimeSpan.FromSeconds(10);

    /// <summary>Stores a full snapshot, as a stream.</summary>
    /// <param name="kindReason">Why it is full although increments were wanted; null if they were not.</param>
    /// <param name="cancellationToken">A cancelled call stores no complete object.</param>
    public async Task<StoredState> StoreFullAsync(string? kindReason, CancellationToken cancellationToken)
    {
        EtcdSnapshot snapshot = await source.OpenAsync(cancellationToken);
        try
        {
            return await StreamAsync(snapshot, kindReason, cancellationToken);
        }
        catch
        {
            await snapshot.DisposeAsync();
            throw;
        }
    }

    /// <summary>Stores the changes since a base, or a full snapshot.</summary>
    /// <param name="base">A complete full snapshot of the same policy.</param>
    /// <param name="sizeMaxPercent">The largest share of the base's stored bytes.</param>
    /// <param name="cancellationToken">A cancelled call stores no complete object.</param>
    public async Task<StoredState> StoreChangesAsync(
        Snapshot @base, int sizeMaxPercent, CancellationToken cancellationToken)
    {
        for (bool isLast = false; ; isLast = true)
        {
            // 1. the snapshot
            // A base names its member, because no import is one (BaseChoice).
            EtcdSnapshot snapshot = await source.OpenForChangesAsync(
                @base.Manifest.Etcd!.MemberId!.Value, cancellationToken);
            try
            {
                if (await TryStoreAsync(snapshot, @base, sizeMaxPercent, isLast, cancellationToken) is { } stored)
                {
                    return stored;
                }
            }
            catch (SpillException e)
            {
                await snapshot.DisposeAsync();
                return await StoreFullAsync(e.Message.TrimEnd('.'), cancellationToken);
            }
            catch
            {
                await snapshot.DisposeAsync();
                throw;
            }

            // 4. the compaction
            await snapshot.DisposeAsync();
            await Task.Delay(CompactionWait, time, cancellationToken);
        }
    }

    /// <summary>Steps 2 to 6.</summary>
    /// <returns>Null if the database is in the middle of a compaction and must be read once more.</returns>
    private async Task<StoredState?> TryStoreAsync(
        EtcdSnapshot snapshot,
        Snapshot @base,
        int sizeMaxPercent,
        bool isLast,
        CancellationToken cancellationToken)
    {
        // 2. the member
        if (BaseChoice.FindObstacle(@base.Manifest.Etcd!, snapshot) is { } obstacle)
        {
            return await StreamAsync(snapshot, obstacle, cancellationToken);
        }

        // 3. the scratch file
        using SealedDatabase? file = SealedDatabase.TryCreate(scratch, snapshot.SizeBytes, out string problem);
        if (file is null)
        {
            return await StreamAsync(snapshot, problem, cancellationToken);
        }

        using (BackupTrace.Start("scratch"))
        {
            await file.FillAsync(snapshot.Content, cancellationToken);
        }

        // 5., 6. the changes
        return !IsCompacting(file)
                ? await StoreChangesAsync(snapshot, file, @base, sizeMaxPercent, cancellationToken)
            : isLast
                ? await StoreWholeAsync(snapshot, file, "a compaction of etcd is not finished", cancellationToken)
                : null;
    }

    private async Task<StoredState> StoreChangesAsync(
        EtcdSnapshot snapshot,
        SealedDatabase file,
        Snapshot @base,
        int sizeMaxPercent,
        CancellationToken cancellationToken)
    {
        using Activity? span = BackupTrace.Start("changes");
        SnapshotBase needed = SnapshotBase.Of(@base.Manifest);
        long storedBytesMax = (long)(@base.Manifest.Database!.StoredBytes * (sizeMaxPercent / 100.0));
        try
        {
            await using ChangesStream changes = ChangesStream.Open(
                file, file.DatabaseBytes, needed.ToChangesBase());
            ArtifactManifest artifact = await writer.StoreChangesAsync(changes, storedBytesMax, cancellationToken);
            return new StoredState(artifact, SnapshotKind.Incremental, $"changes since {needed.Id}")
            {
                Snapshot = snapshot,
                Base = @base,
                Changes = changes.Summary,
            };
        }
        catch (Exception e) when (e is ChangesRefusedException or SnapshotDamagedException)
        {
            return await StoreWholeAsync(snapshot, file, e.Message.TrimEnd('.'), cancellationToken);
        }
        catch (ChangesTooLargeException)
        {
            return await StoreWholeAsync(
                snapshot,
                file,
                $"the changes since {needed.Id} would have more than {sizeMaxPercent} % of its stored bytes",
                cancellationToken);
        }
    }

    private async Task<StoredState> StreamAsync(
        EtcdSnapshot snapshot, string? kindReason, CancellationToken cancellationToken)
    {
        using Activity? span = BackupTrace.Start("database");
        ArtifactManifest artifact = await writer.StoreDatabaseAsync(
            snapshot.Content, snapshot.SizeBytes, cancellationToken);
        return new StoredState(artifact, SnapshotKind.Full, kindReason) { Snapshot = snapshot };
    }

    private async Task<StoredState> StoreWholeAsync(
        EtcdSnapshot snapshot, SealedDatabase file, string kindReason, CancellationToken cancellationToken)
    {
        using Activity? span = BackupTrace.Start("database");
        await using Stream content = file.OpenRead();
        ArtifactManifest artifact = await writer.StoreDatabaseAsync(content, file.SizeBytes, cancellationToken);
        return new StoredState(artifact, SnapshotKind.Full, kindReason) { Snapshot = snapshot };
    }

    /// <summary>Whether a compaction of the database is not finished. Damage is found later.</summary>
    private static bool IsCompacting(SealedDatabase file)
    {
        try
        {
            return Compaction.Read(file, file.DatabaseBytes).IsUnfinished;
        }
        catch (SnapshotDamagedException)
        {
            return false;
        }
    }
}
