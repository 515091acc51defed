using EtcdBackupAgent.Archive;
using EtcdBackupAgent.Archive.Hashing;
using EtcdBackupAgent.Archive.Tar;
using EtcdBackupAgent.Archive.Zstd;
using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Repository;

namespace EtcdBackupAgent.Core.Restores;

/// <summary>Reads artifacts back through their layers, and holds every byte against the manifest.</summary>
internal sealed class ArtifactReader(IObjectStore store, IProgress<TransferProgress> progress)
{
    /// <summary>
    /// Hands the artifact's plain bytes to <paramref name="consume"/>. What the consumer made of them counts only when this has returned:
    /// the digests are known at the end.
    /// </summary>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.DataDamaged"/> if the object is missing or any layer, size or digest is not what the manifest says.
    /// </exception>
    public async Task ReadAsync(
        ArtifactManifest artifact, Func<Stream, Task> consume, CancellationToken cancellationToken)
    {
        try
        {
            // 1. the layers, from the store inwards. Decryption, when it comes, stands between the first digest and zstd.
            await using Stream stored = await store.OpenReadAsync(artifact.Key, range: null, cancellationToken);
            await using DigestingStream storedDigest = new(stored, leaveOpen: true);
            await using ZstdDecompressionStream decompressed = new(storedDigest, leaveOpen: true);
            await using DigestingStream plainDigest = new(decompressed, leaveOpen: true);
            await using ProgressStream plain = new(
                plainDigest, ArtifactNames.Title(artifact.Kind), artifact.PlainBytes, progress);

            // 2. the consumer, and whatever it left unread
            await consume(plain);
            await plain.CopyToAsync(Stream.Null, cancellationToken);

            // 3. the proof
            Require(artifact, "stored size", artifact.StoredBytes, storedDigest.BytesRead);
            Require(artifact, "stored SHA-256", artifact.StoredSha256, storedDigest.Digest());
            Require(artifact, "size", artifact.PlainBytes, plainDigest.BytesRead);
            Require(artifact, "SHA-256", artifact.PlainSha256, plainDigest.Digest());
        }
        catch (IOException e) when (e is ArchiveDamagedException or ArchiveUnsafeException)
        {
            throw Damaged(artifact, e.Message, e);
        }
        catch (BackupException e) when (e.Reason == FailureReason.ObjectNotFound)
        {
            throw Damaged(artifact, "the object is missing", e);
        }
    }

    private void Require<T>(ArtifactManifest artifact, string what, T expected, T found)
        where T : IEquatable<T>
    {
        if (!expected.Equals(found))
        {
            throw Damaged(artifact, $"its {what} is {found}, and the manifest says {expected}");
        }
    }

    private BackupException Damaged(ArtifactManifest artifact, string why, Exception? inner = null) =>
        new(FailureReason.DataDamaged, $"{artifact.Key} in {store.Address} is damaged: {why.TrimEnd('.')}.", inner)
        {
            Hint = "Restore from another snapshot; 'etcd-backup-agent verify --all' tells which are sound.",
        };
}
