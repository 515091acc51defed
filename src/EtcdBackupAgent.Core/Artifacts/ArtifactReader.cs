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

/// <summary>Reads artifacts back through their layers, and holds every byte against the manifest.</summary>
internal sealed class ArtifactReader(
    IObjectStore store, IReadOnlyList<AgeIdentity> identities, IProgress<TransferProgress> progress)
{
    /// <summary>Whether a failure speaks of the bytes that are read, not of the place they are written to.</summary>
    public static bool IsOfContent(Exception e) => e is AgeException or ArchiveDamagedException or ArchiveUnsafeException;

    /// <summary>Whether the inside of this artifact can be read at all: it is not encrypted, or there are keys to try.</summary>
    public bool CanOpen(ArtifactManifest artifact) =>
        artifact.Encryption == ArtifactEncryption.None || identities.Count > 0;

    /// <summary>Refuses an artifact that is encrypted where there is no key to try.</summary>
    /// <exception cref="BackupException"><see cref="FailureReason.KeyRefused"/>.</exception>
    public void RequireKey(ArtifactManifest artifact)
    {
        if (!CanOpen(artifact))
        {
            throw NoKey($"{artifact.Key} in {store.Address} is encrypted, and no key was given.");
        }
    }

    /// <summary>
    /// Hands the artifact's plain bytes to <paramref name="consume"/>. What the consumer made of them counts only when this has returned:
    /// the digests are known at the end.
    /// </summary>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.DataDamaged"/> if the object is missing or any layer, size or digest is not what the manifest says;
    /// <see cref="FailureReason.KeyRefused"/> if there is no key.
    /// </exception>
    public async Task ReadAsync(
        ArtifactManifest artifact, Func<Stream, Task> consume, CancellationToken cancellationToken)
    {
        RequireKey(artifact);
        try
        {
            // 1. the layers, from the store inwards
            await using Stream stored = await store.OpenReadAsync(artifact.Key, range: null, cancellationToken);
            await using DigestingStream storedDigest = new(stored, leaveOpen: true);
            await using PullStream decrypted = Decrypt(artifact, storedDigest);
            await using ZstdDecompressionStream decompressed = new(decrypted, leaveOpen: true);
            await using ReadAheadStream ahead = new(decompressed, leaveOpen: true);
            await using ExpectedLengthStream bounded = new(ahead, artifact.PlainBytes);
            await using PlainDigestStream plainDigest = new(bounded);
            await using ProgressStream plain = new(
                plainDigest, ArtifactNames.Title(artifact.Kind), artifact.PlainBytes, progress);

            // 2. the consumer, and whatever it left unread
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
            // No key fits, or the place where it would fit is damaged: the stored bytes tell.
            await ReadStoredAsync(artifact, cancellationToken);
            throw NoKey($"{artifact.Key} in {store.Address} is encrypted to other keys than those given.", e);
        }
        catch (IOException e) when (IsOfContent(e))
        {
            throw Damaged(artifact, e.Message, e);
        }
        catch (BackupException e) when (e.Reason == FailureReason.ObjectNotFound)
        {
            throw Damaged(artifact, "the object is missing", e);
        }
    }

    /// <summary>Checks what can be checked without a key: that the object is the one that was written.</summary>
    /// <exception cref="BackupException"><see cref="FailureReason.DataDamaged"/>.</exception>
    public async Task ReadStoredAsync(ArtifactManifest artifact, CancellationToken cancellationToken)
    {
        try
        {
            await using Stream stored = await store.OpenReadAsync(artifact.Key, range: null, cancellationToken);
            await using DigestingStream storedDigest = new(stored, leaveOpen: true);
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
            Hint = "Give --passphrase-file, or --identity-file with the identity of one of the repository's recipients.",
        };

    private PullStream Decrypt(ArtifactManifest artifact, DigestingStream stored) =>
        artifact.Encryption == ArtifactEncryption.Age
            ? new AgeDecryptionStream(stored, identities, leaveOpen: true)
            : stored;

    private void RequireStored(ArtifactManifest artifact, DigestingStream stored)
    {
        Require(artifact, "stored size", artifact.StoredBytes, stored.BytesRead);
        Require(artifact, "stored SHA-256", artifact.StoredSha256, stored.Digest());
    }

    /// <summary>A database ends in the SHA-256 that etcd appended: proof that the backup had what the member sent.</summary>
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
            throw Damaged(artifact, $"its {what} is {found}, and the manifest says {expected}");
        }
    }

    private BackupException Damaged(ArtifactManifest artifact, string why, Exception? inner = null) =>
        new(FailureReason.DataDamaged, $"{artifact.Key} in {store.Address} is damaged: {why.TrimEnd('.')}.", inner)
        {
            Hint = "Restore from another snapshot; 'etcd-backup-agent verify --all' tells which are sound.",
        };
}
