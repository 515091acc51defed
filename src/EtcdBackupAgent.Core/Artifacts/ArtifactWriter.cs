using EtcdBackupAgent.Archive.Age;
using EtcdBackupAgent.Archive.Hashing;
using EtcdBackupAgent.Archive.Spilling;
using EtcdBackupAgent.Archive.Streams;
using EtcdBackupAgent.Archive.Zstd;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Core.Stores;
using EtcdBackupAgent.Core.Transfers;

namespace EtcdBackupAgent.Core.Artifacts;

/// <summary>
/// Stores the artifacts of one snapshot. The layers are streams that pull from each other, so memory is bounded by the layers' own buffers.
/// The database is read ahead of the store, for etcd keeps a transaction open as long as it is read.
/// </summary>
internal sealed class ArtifactWriter(
    BackupRepository repository, SnapshotFolder folder, ScratchSpace scratch, IProgress<TransferProgress> progress, TimeProvider time)
{
    /// <summary>
    /// zstd's level 1: on an etcd database level 3, its default, takes twice the time, while etcd is held, to save about one percent
    /// (<c>docs/performance.md</c>).
    /// </summary>
    private static readonly ZstdCompressionOptions Compression = new() { Level = 1 };

    /// <summary>What became of the reading ahead; null before a database was stored.</summary>
    public SpillReport? Spill { get; private set; }

    /// <param name="plain">etcd's snapshot, from where the stream stands to its end.</param>
    /// <param name="plainBytesExpected">How many bytes there will be, for showing progress.</param>
    /// <param name="cancellationToken">Ends the transfer; nothing is stored then.</param>
    public Task<ArtifactManifest> StoreDatabaseAsync(Stream plain, long plainBytesExpected, CancellationToken cancellationToken) =>
        StoreAsync(ArtifactKind.Etcd, plain, plainBytesExpected, StoreAheadAsync, cancellationToken);

    /// <param name="tar">The archive, from where the stream stands to its end.</param>
    /// <param name="cancellationToken">Ends the transfer; nothing is stored then.</param>
    public Task<ArtifactManifest> StoreCertificatesAsync(Stream tar, CancellationToken cancellationToken) =>
        StoreAsync(ArtifactKind.Certs, tar, plainBytesExpected: null, repository.Store.PutAsync, cancellationToken);

    private async Task<ArtifactManifest> StoreAsync(
        ArtifactKind kind,
        Stream plain,
        long? plainBytesExpected,
        Func<ObjectKey, Stream, CancellationToken, Task<long>> store,
        CancellationToken cancellationToken)
    {
        ArtifactEncryption encryption = repository.Document.Encryption.Kind;
        ObjectKey key = folder.Key(ArtifactNames.FileName(kind, encryption));

        // plain bytes ▶ SHA-256 ▶ zstd ▶ age ▶ SHA-256 ▶ store
        await using DigestingStream? ownDigest = plain is IDigestedStream ? null : new DigestingStream(plain, leaveOpen: true);
        IDigestedStream plainDigest = ownDigest ?? (IDigestedStream)plain;
        await using ProgressStream reported = new(ownDigest ?? plain, ArtifactNames.Title(kind), plainBytesExpected, progress);
        await using ZstdCompressionStream compressed = new(reported, Compression, leaveOpen: true);
        await using PullStream encrypted = Encrypt(compressed);
        await using DigestingStream storedDigest = new(encrypted, leaveOpen: true);
        long storedBytes = await store(key, storedDigest, cancellationToken);

        return new ArtifactManifest
        {
            Kind = kind,
            Key = key,
            PlainBytes = plainDigest.BytesRead,
            PlainSha256 = plainDigest.Digest(),
            StoredBytes = storedBytes,
            StoredSha256 = storedDigest.Digest(),
            Compression = ArtifactCompression.Zstd,
            Encryption = encryption,
        };
    }

    private async Task<long> StoreAheadAsync(ObjectKey key, Stream content, CancellationToken cancellationToken)
    {
        SpillOptions options = scratch.OptionsFor(repository.Document.Encryption.Kind);
        await using SpillStream ahead = new(content, options, time, leaveOpen: true);
        try
        {
            return await repository.Store.PutAsync(key, ahead, cancellationToken);
        }
        catch (SpillException e)
        {
            throw new BackupException(FailureReason.TargetUnusable, $"Cannot store '{key}': {e.Message}", e)
            {
                Hint = "Name another directory with --scratch-dir.",
            };
        }
        finally
        {
            Spill = ahead.Report;
        }
    }

    private PullStream Encrypt(ZstdCompressionStream compressed) =>
        repository.Document.Encryption.Kind == ArtifactEncryption.Age
            ? new AgeEncryptionStream(compressed, repository.Recipients, leaveOpen: true)
            : compressed;
}
