using System.Security.Cryptography;
using EtcdBackupAgent.Archive.Hashing;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.History;
using EtcdBackupAgent.Core.Stores;

namespace EtcdBackupAgent.Core.Copies;

/// <summary>Copies one snapshot: its artifacts, what is beside them, and the manifest last.</summary>
/// <param name="source">Where the snapshot is.</param>
/// <param name="target">Where it goes.</param>
/// <param name="copy">Copies objects from one to the other.</param>
internal sealed class SnapshotCopy(IObjectStore source, IObjectStore target, ObjectCopy copy)
{
    /// <summary>Copies what the far end does not have.</summary>
    /// <remarks>
    /// 1. List both. Refuse a far end that has another manifest of this snapshot.
    /// 2. Copy the artifacts, checked by their digests. One that an interrupted copy left is read, and copied again if
    ///    it is wrong.
    /// 3. Copy everything else: signatures, and records of verifications.
    /// 4. Copy the manifest: now the snapshot exists there.
    /// </remarks>
    /// <returns>The number of bytes that were copied.</returns>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.DataDamaged"/> for an object here or there; or a store's reason.
    /// </exception>
    public async Task<long> ExecuteAsync(Snapshot snapshot, CancellationToken cancellationToken)
    {
        // 1. the listings
        SnapshotManifest manifest = snapshot.Manifest;
        ObjectKey manifestKey = snapshot.Folder.ManifestKey;
        Dictionary<ObjectKey, StoredObject> there = await ListAsync(target, snapshot.Folder, cancellationToken);
        bool isCommitted = there.ContainsKey(manifestKey);
        if (isCommitted && !await copy.IsSameAsync(manifestKey, cancellationToken))
        {
            throw new BackupException(
                FailureReason.DataDamaged,
                $"{manifestKey} in {target.Address} differs from that of {source.Address}.")
            {
                Hint = "One of both was changed. 'etcd-backup-agent verify' shows which is sound.",
            };
        }

        // 2. the artifacts
        long copiedBytes = 0;
        foreach (ArtifactManifest artifact in manifest.Artifacts)
        {
            if (!await IsThereAsync(artifact, there, isCommitted, cancellationToken))
            {
                await copy.CopyAsync(
                    artifact.Key, artifact.StoredBytes, artifact.StoredSha256, cancellationToken);
                copiedBytes += artifact.StoredBytes;
            }
        }

        // 3. what is beside them
        HashSet<ObjectKey> done = [manifestKey, .. manifest.Artifacts.Select(artifact => artifact.Key)];
        foreach (StoredObject beside in (await ListAsync(source, snapshot.Folder, cancellationToken)).Values)
        {
            if (!done.Contains(beside.Key)
                && !(there.TryGetValue(beside.Key, out StoredObject? same) && same.SizeBytes == beside.SizeBytes))
            {
                copiedBytes += await copy.CopyAsync(beside.Key, cancellationToken);
            }
        }

        // 4. the commit point
        if (!isCommitted)
        {
            byte[] utf8 = manifest.Utf8.ToArray();
            if (!await target.TryCreateAsync(manifestKey, utf8, cancellationToken)
                || !await copy.IsStoredAsync(
                    manifestKey, new Sha256Digest(SHA256.HashData(utf8)), cancellationToken))
            {
                throw new BackupException(
                    FailureReason.DataDamaged,
                    $"{manifestKey} in {target.Address} is not the one that was copied: another program wrote it, or "
                    + "the far end returns other bytes.");
            }

            copiedBytes += utf8.Length;
        }

        return copiedBytes;
    }

    /// <summary>
    /// Whether the far end has an artifact. That of a committed snapshot was read when it was copied; one without a
    /// manifest is read now.
    /// </summary>
    private async Task<bool> IsThereAsync(
        ArtifactManifest artifact,
        Dictionary<ObjectKey, StoredObject> there,
        bool isCommitted,
        CancellationToken cancellationToken) =>
        there.TryGetValue(artifact.Key, out StoredObject? found)
        && found.SizeBytes == artifact.StoredBytes
        && (isCommitted || await copy.IsStoredAsync(artifact.Key, artifact.StoredSha256, cancellationToken));

    private static async Task<Dictionary<ObjectKey, StoredObject>> ListAsync(
        IObjectStore store, SnapshotFolder folder, CancellationToken cancellationToken) =>
        await store.ListAsync(folder.ToString(), cancellationToken)
            .ToDictionaryAsync(found => found.Key, comparer: null, cancellationToken);
}
