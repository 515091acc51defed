using EtcdBackupAgent.Archive.Spilling;
using EtcdBackupAgent.Core.Artifacts;
using EtcdBackupAgent.Core.Databases;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.History;
using EtcdBackupAgent.Snapshots;
using EtcdBackupAgent.Snapshots.Changes;

namespace EtcdBackupAgent.Core.Verification;

/// <summary>
/// The database of a full snapshot that is read once: for the snapshot itself, and for all that stand on it.
/// </summary>
internal sealed class VerifiedBase : IDisposable
{
    private SealedDatabase? _database;

    private VerifiedBase(ArtifactManifest artifact) => Artifact = artifact;

    /// <summary>The artifact that was read.</summary>
    public ArtifactManifest Artifact { get; }

    /// <summary>The damage of the artifact; null if there is none.</summary>
    public BackupException? Problem { get; private set; }

    /// <summary>Whether the content was read; false if it is encrypted and no key was given.</summary>
    public bool IsOpened { get; private set; }

    /// <summary>Why changes cannot be merged with it; null if they can.</summary>
    public string? NotMergedReason { get; private set; }

    /// <summary>Reads the database to its end, and keeps a sealed copy if the scratch directory can take it.</summary>
    /// <exception cref="BackupException">The store's reason.</exception>
    public static async Task<VerifiedBase> ReadAsync(
        ArtifactReader reader, ArtifactManifest artifact, ScratchSpace scratch, CancellationToken cancellationToken)
    {
        VerifiedBase read = new(artifact);
        try
        {
            await read.ReadAsync(reader, scratch, cancellationToken);
            return read;
        }
        catch (BackupException e) when (e.Reason == FailureReason.DataDamaged)
        {
            read.Problem = e;
            read.GiveUp("the base is damaged");
            return read;
        }
        catch
        {
            read.Dispose();
            throw;
        }
    }

    /// <summary>Merges changes, and writes nothing.</summary>
    /// <param name="snapshot">The snapshot of the changes.</param>
    /// <param name="changes">The changes. They are not read to their end if they cannot be merged.</param>
    /// <param name="cancellationToken">A cancelled call leaves nothing behind.</param>
    /// <returns>Why both cannot be restored together; null if they can, or if they were not merged.</returns>
    public async Task<BackupException?> FindMismatchAsync(
        Snapshot snapshot, Stream changes, CancellationToken cancellationToken)
    {
        if (_database is not { } database)
        {
            return null;
        }

        try
        {
            await ChangesMerge.Open(database, database.DatabaseBytes, snapshot.Manifest.Base!.ToChangesBase())
                .CheckAsync(changes, cancellationToken);
            return null;
        }
        catch (Exception e) when (e is BaseMismatchException or SnapshotDamagedException)
        {
            return DatabaseFetch.WrongPair(snapshot, e);
        }
        catch (SpillException e)
        {
            GiveUp(e.Message.TrimEnd('.'));
            return null;
        }
    }

    public void Dispose() => _database?.Dispose();

    private async Task ReadAsync(ArtifactReader reader, ScratchSpace scratch, CancellationToken cancellationToken)
    {
        IsOpened = reader.CanOpen(Artifact);
        if (!IsOpened)
        {
            NotMergedReason = VerifyOutcome.NoKey;
            await reader.ReadStoredAsync(Artifact, cancellationToken);
            return;
        }

        _database = SealedDatabase.TryCreate(scratch, Artifact.PlainBytes, out string problem);
        NotMergedReason = _database is null ? problem : null;
        await reader.ReadAsync(Artifact, plain => FillAsync(plain, cancellationToken), cancellationToken);
    }

    /// <summary>Fills the scratch file. If that fails, the reader reads the rest.</summary>
    private async Task FillAsync(Stream plain, CancellationToken cancellationToken)
    {
        try
        {
            await (_database?.FillAsync(plain, cancellationToken) ?? Task.CompletedTask);
        }
        catch (SpillException e)
        {
            GiveUp(e.Message.TrimEnd('.'));
        }
    }

    private void GiveUp(string reason)
    {
        _database?.Dispose();
        (_database, NotMergedReason) = (null, reason);
    }
}
