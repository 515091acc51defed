using System.Security.Cryptography;
using EtcdBackupAgent.Archive.Posix;
using EtcdBackupAgent.Core.Artifacts;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.History;
using EtcdBackupAgent.Snapshots;
using EtcdBackupAgent.Snapshots.Bolt;
using EtcdBackupAgent.Snapshots.Changes;
using Microsoft.Win32.SafeHandles;

namespace EtcdBackupAgent.Core.Databases;

/// <summary>
/// Writes the database of a snapshot to a file, with etcd's trailer. All that read a database use it, so that they need
/// not know whether a snapshot is full or incremental.
/// </summary>
/// <remarks>
/// A full snapshot contains the file. For an incremental one (<c>docs/spec/increments.md</c>, "Restoring"):
/// 1. Require its base.
/// 2. Fetch the base's database to a file without a name, beside the target.
/// 3. Read the changes, and write the merged database. The digest of the content proves the result.
/// 4. Append the SHA-256 of the new file, as etcd does.
/// </remarks>
internal sealed class DatabaseFetch(ArtifactReader reader)
{
    private const int CopyBufferBytes = 1 << 18;

    /// <summary>Returns the largest size that the file may get, in bytes.</summary>
    public static long SizeBytesMax(Snapshot snapshot) =>
        DatabaseOf(snapshot).PlainBytes + (snapshot.Base is { } needed ? DatabaseOf(needed).PlainBytes : 0);

    /// <summary>Returns the space that the file and the files beside it need, in bytes.</summary>
    public static long RoomBytes(Snapshot snapshot) =>
        SizeBytesMax(snapshot) + (snapshot.Base is { } needed ? DatabaseOf(needed).PlainBytes : 0);

    /// <summary>Throws if there is no key for the artifacts that are needed, or no base.</summary>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.KeyRefused"/>, or <see cref="FailureReason.DataDamaged"/> without a database or a base.
    /// </exception>
    public void RequireReadable(Snapshot snapshot)
    {
        reader.RequireKey(DatabaseOf(snapshot));
        if (snapshot.Manifest.IsIncremental)
        {
            reader.RequireKey(DatabaseOf(RequireBase(snapshot)));
        }
    }

    /// <summary>Writes the file.</summary>
    /// <param name="snapshot">The snapshot, from an inventory.</param>
    /// <param name="target">An empty file, open for reading and writing, without a buffer.</param>
    /// <param name="directory">A directory of the target's file system, for the base's database.</param>
    /// <param name="cancellationToken">After a cancellation the content of the file is undefined.</param>
    /// <returns>The size of the file: the database and the trailer.</returns>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.DataDamaged"/>, <see cref="FailureReason.KeyRefused"/>, or the store's reason.
    /// </exception>
    /// <exception cref="IOException">The target cannot be written.</exception>
    public async Task<long> WriteAsync(
        Snapshot snapshot, FileStream target, string directory, CancellationToken cancellationToken)
    {
        if (!snapshot.Manifest.IsIncremental)
        {
            return await CopyAsync(DatabaseOf(snapshot), target, cancellationToken);
        }

        // 1. the base
        Snapshot needed = RequireBase(snapshot);

        // 2. its database
        await using FileStream baseFile = new(NamelessFile.Create(directory), FileAccess.ReadWrite, bufferSize: 0);
        long baseBytes = await CopyAsync(DatabaseOf(needed), baseFile, cancellationToken);

        // 3. the changes
        MergeSummary merged = await MergeAsync(
            snapshot, baseFile.SafeFileHandle, baseBytes, target.SafeFileHandle, cancellationToken);

        // 4. the trailer
        target.Position = 0;
        byte[] trailer = await SHA256.HashDataAsync(target, cancellationToken);
        target.Position = merged.DatabaseBytes;
        await target.WriteAsync(trailer, cancellationToken);
        return merged.DatabaseBytes + trailer.Length;
    }

    private static ArtifactManifest DatabaseOf(Snapshot snapshot) => snapshot.Manifest.Database
        ?? throw new BackupException(FailureReason.DataDamaged, $"Snapshot {snapshot.Id} contains no etcd database.");

    private static Snapshot RequireBase(Snapshot snapshot) => snapshot is { BaseProblem: null, Base: { } needed }
        ? needed
        : throw new BackupException(
            FailureReason.DataDamaged, $"Snapshot {snapshot.Id} cannot be read: {snapshot.BaseProblem}.")
        {
            Hint = "Restore from another snapshot; 'etcd-backup-agent list' shows which are complete.",
        };

    private async Task<long> CopyAsync(
        ArtifactManifest artifact, FileStream target, CancellationToken cancellationToken)
    {
        await reader.ReadAsync(
            artifact, plain => plain.CopyToAsync(target, CopyBufferBytes, cancellationToken), cancellationToken);
        return artifact.PlainBytes;
    }

    private async Task<MergeSummary> MergeAsync(
        Snapshot snapshot,
        SafeFileHandle baseFile,
        long baseBytes,
        SafeFileHandle target,
        CancellationToken cancellationToken)
    {
        SnapshotBase named = snapshot.Manifest.Base!;
        ChangesBase expected = new()
        {
            Id = named.Id.Value,
            ManifestSha256 = named.ManifestSha256,
            Revision = named.Revision,
        };
        try
        {
            ChangesMerge merge = ChangesMerge.Open(
                new FilePages(baseFile), baseBytes - SnapshotTrailerCheck.TrailerSizeBytes, expected);
            MergeSummary? merged = null;
            await reader.ReadAsync(
                DatabaseOf(snapshot),
                async plain => merged = await merge.WriteAsync(plain, target, cancellationToken),
                cancellationToken);
            return merged!;
        }
        catch (Exception e) when (e is BaseMismatchException or SnapshotDamagedException)
        {
            throw new BackupException(
                FailureReason.DataDamaged,
                $"Snapshot {snapshot.Id} cannot be read with its base {named.Id}: {e.Message.TrimEnd('.')}.",
                e)
            {
                Hint = "Restore from another snapshot; 'etcd-backup-agent verify --all' shows which are sound.",
            };
        }
    }
}
