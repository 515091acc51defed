using EtcdBackupAgent.Archive;
using EtcdBackupAgent.Archive.Age;
using EtcdBackupAgent.Archive.Hashing;
using EtcdBackupAgent.Archive.Streams;
using EtcdBackupAgent.Archive.Tar;
using EtcdBackupAgent.Archive.Zstd;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Stores;
using EtcdBackupAgent.Core.Transfers;
using EtcdBackupAgent.Snapshots;

namespace EtcdBackupAgent.Core.Artifacts;

/// <summary>Reads artifacts through their layers and compares every size and digest with the manifest.</summary>
internal sealed class ArtifactReader(
    IObjectStore store, IReadOnlyList<AgeIdentity> identities, IProgress<TransferProgress> progress)
{
    /// <summary>
    /// Returns whether a failure concerns the bytes that are read, not the place that they are written to.
    /// </summary>
    public static bool IsContentFailure(Exception e) =>
        e is AgeException or ArchiveDamagedException or ArchiveUnsafeException;

    /// <summary>
    /// Returns whether the content of this artifact can be read: it is not encrypted, or there are keys to try.
    /// </summary>
    public bool CanOpen(ArtifactManifest artifact) =>
        artifact.Encryption == ArtifactEncryption.None || identities.Count > 0;

    /// <summary>Throws if the artifact is encrypted and there is no key to try.</summary>
    /// <exception cref="BackupException"><see cref="FailureReason.KeyRefused"/>.</exception>
    public void RequireKey(ArtifactManifest artifact)
    {
        if (!CanOpen(artifact))
        {
            throw NoKey($"{artifact.Key} in {store.Address} is encrypted, and no key was given.");
        }
    }

    /// <summary>
    /// Passes the artifact's plain bytes to <paramref name="consume"/>. The consumer's result is valid only after this
    /// method has returned, because the digests are known only at the end.
    /// </summary>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.DataDamaged"/> if the object is missing, or a layer, size or digest does not match the
    /// manifest; <see cref="FailureReason.KeyRefused"/> if there is no key.
    /// </exception>
    public async Task ReadAsync(
        ArtifactManifest artifact, Func<Stream, Task> consume, CancellationToken cancellationToken)
    {
        RequireKey(artifact);
        try
        {
            // 1. the layers, from the store inwards
            await using Stream stored = await store.OpenReadAsync(artifact.Key, range: null, cancellationToken);
            await using DigestingStream storedDigest = new(stored);
            await using PullStream decrypted = Decrypt(artifact, storedDigest);
            await using ZstdDecompressionStream decompressed = new(decrypted);
            await using ReadAheadStream ahead = new(decompressed);
            await using LimitedStream bounded = LimitedStream.OfExpectedLength(ahead, artifact.PlainBytes);
            await using PlainDigestStream plainDigest = new(bounded);
            await using ProgressStream plain = new(
                plainDigest, ArtifactNames.Title(artifact.Kind), artifact.PlainBytes, progress);

            // 2. the consumer, then the bytes that it did not read
            await consume(plain);
            await plain.CopyToAsync(Stream.Null, cancellationToken);

            // 3. the proof
            RequireStored(artifact, storedDigest);
            Require(artifact, "size", artifact.PlainBytes, plainDigest.BytesRead);
            Require(artifact, "SHA-256", artifact.PlainSha256, plainDigest.Digest());
            RequireTrailer(artifact, plainDigest.Trailer);
        }
        catch (AgeException e) when (e.Failure is AgeFailure.NoMatchingIdentity)
        {
            // Either no key fits, or the header with the encrypted file key is damaged. The digest of the stored bytes
            // decides which.
            await ReadStoredAsync(artifact, cancellationToken);
            throw NoKey($"{artifact.Key} in {store.Address} is encrypted, and none of the given keys opens it.", e);
        }
        catch (IOException e) when (IsContentFailure(e))
        {
            throw Damaged(artifact, e.Message, e);
        }
        catch (BackupException e) when (e.Reason == FailureReason.ObjectNotFound)
        {
            throw Damaged(artifact, "the object is missing", e);
        }
    }

    /// <summary>Makes the checks that need no key: compares the stored size and digest with the manifest.</summary>
    /// <exception cref="BackupException"><see cref="FailureReason.DataDamaged"/>.</exception>
    public async Task ReadStoredAsync(ArtifactManifest artifact, CancellationToken cancellationToken)
    {
        try
        {
            await using Stream stored = await store.OpenReadAsync(artifact.Key, range: null, cancellationToken);
            await using DigestingStream storedDigest = new(stored);
            await storedDigest.CopyToAsync(Stream.Null, cancellationToken);
            RequireStored(artifact, storedDigest);
        }
        catch (BackupException e) when (e.Reason == FailureReason.ObjectNotFound)
        {
            throw Damaged(artifact, "the object is missing", e);
        }
    }

    private static BackupException NoKey(string message, Exception? inner = null) =>
        new(FailureReason.KeyRefused, message, inner)
        {
            Hint = "Give the passphrase, or the identity of one of the repository's recipients.",
            Settings = [Setting.Identity],
        };

    private PullStream Decrypt(ArtifactManifest artifact, DigestingStream stored) =>
        artifact.Encryption == ArtifactEncryption.Age
            ? new AgeDecryptionStream(stored, identities)
            : stored;

    private void RequireStored(ArtifactManifest artifact, DigestingStream stored)
    {
        Require(artifact, "stored size", artifact.StoredBytes, stored.BytesRead);
        Require(artifact, "stored SHA-256", artifact.StoredSha256, stored.Digest());
    }

    /// <summary>
    /// Checks the SHA-256 that etcd appended to the database. It proves that the backup received what the member sent.
    /// </summary>
    private static void RequireTrailer(ArtifactManifest artifact, SnapshotTrailerResult trailer)
    {
        if (artifact.Kind == ArtifactKind.Etcd && trailer != SnapshotTrailerResult.Valid)
        {
            throw new BackupException(
                FailureReason.DataDamaged,
                trailer == SnapshotTrailerResult.Missing
                    ? "The etcd snapshot does not end in etcd's SHA-256."
                    : "The etcd snapshot does not match the SHA-256 that etcd appended to it.");
        }
    }

    private void Require<T>(ArtifactManifest artifact, string what, T expected, T found)
        where T : IEquatable<T>
    {
        if (!expected.Equals(found))
        {
            throw Damaged(artifact, $"its {what} is {found}, but the manifest says {expected}");
        }
    }

    private BackupException Damaged(ArtifactManifest artifact, string why, Exception? inner = null) =>
        new(FailureReason.DataDamaged, $"{artifact.Key} in {store.Address} is damaged: {why.TrimEnd('.')}.", inner)
        {
            Hint = "Restore from another snapshot; 'etcd-backup-agent verify --all' shows which are sound.",
        };
}
