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
/// Stores the artifacts of one snapshot. The layers are streams that pull from each other, so the layers' own buffers
/// bound the memory. The database is read ahead of the store, because etcd keeps a read transaction open until the
/// whole stream is read.
/// </summary>
internal sealed class ArtifactWriter(
    BackupRepository repository,
    SnapshotFolder folder,
    ScratchSpace scratch,
    IProgress<TransferProgress> progress,
    TimeProvider time)
{
    /// <summary>
    /// zstd level 1. On an etcd database, the default level 3 takes twice the time and saves about one percent; etcd
    /// keeps its read transaction open for all of that time (<c>docs/performance.md</c>).
    /// </summary>
    private static readonly ZstdCompressionOptions Compression = new() { Level = 1 };

    /// <summary>The report of the read-ahead; null before a database is stored.</summary>
    public SpillReport? Spill { get; private set; }

    /// <summary>Whether the store may contain something of this snapshot.</summary>
    public bool HasStarted { get; private set; }

    /// <param name="plain">etcd's snapshot; it is read from the current position of the stream to its end.</param>
    /// <param name="plainBytesExpected">The expected number of bytes, for the progress display.</param>
    /// <param name="cancellationToken">Ends the transfer; nothing is stored then.</param>
    public Task<ArtifactManifest> StoreDatabaseAsync(
        Stream plain, long plainBytesExpected, CancellationToken cancellationToken) =>
        StoreAsync(ArtifactKind.Etcd, plain, plainBytesExpected, StoreAheadAsync, cancellationToken);

    /// <param name="changes">The changes; they are read from their beginning to their end.</param>
    /// <param name="storedBytesMax">The most bytes to store.</param>
    /// <param name="cancellationToken">Ends the transfer; nothing is stored then.</param>
    /// <exception cref="ChangesTooLargeException">There are more bytes; nothing is stored.</exception>
    public Task<ArtifactManifest> StoreChangesAsync(
        Stream changes, long storedBytesMax, CancellationToken cancellationToken) =>
        StoreAsync(
            ArtifactKind.EtcdChanges,
            changes,
            plainBytesExpected: null,
            async (key, content, token) =>
            {
                await using LimitedStream limited =
                    new(content, storedBytesMax, static () => new ChangesTooLargeException());
                return await repository.Store.PutAsync(key, limited, token);
            },
            cancellationToken);

    /// <param name="lines">The lines; they are read from their beginning to their end.</param>
    /// <param name="cancellationToken">Ends the transfer; nothing is stored then.</param>
    public Task<ArtifactManifest> StoreObjectsAsync(Stream lines, CancellationToken cancellationToken) =>
        StoreAsync(
            ArtifactKind.Objects, lines, plainBytesExpected: null, repository.Store.PutAsync, cancellationToken);

    /// <param name="tar">The archive; it is read from the current position of the stream to its end.</param>
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
        HasStarted = true;
        ArtifactEncryption encryption = repository.Document.Encryption.Kind;
        ObjectKey key = folder.Key(ArtifactNames.FileName(kind, encryption));

        // plain bytes ▶ SHA-256 ▶ zstd ▶ age ▶ SHA-256 ▶ store
        await using DigestingStream? ownDigest =
            plain is IDigestedStream ? null : new DigestingStream(plain);
        IDigestedStream plainDigest = ownDigest ?? (IDigestedStream)plain;
        await using ProgressStream reported =
            new(ownDigest ?? plain, ArtifactNames.Title(kind), plainBytesExpected, progress);
        await using ZstdCompressionStream compressed = new(reported, Compression);
        await using PullStream encrypted = Encrypt(compressed);
        await using DigestingStream storedDigest = new(encrypted);
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
        await using SpillStream ahead = new(content, options, time);
        try
        {
            return await repository.Store.PutAsync(key, ahead, cancellationToken);
        }
        catch (SpillException e)
        {
            throw new BackupException(FailureReason.TargetUnusable, $"Cannot store '{key}': {e.Message}", e)
            {
                Hint = "Choose another scratch directory.",
                Settings = [Setting.ScratchDirectory],
            };
        }
        finally
        {
            Spill = ahead.Report;
        }
    }

    private PullStream Encrypt(ZstdCompressionStream compressed) =>
        repository.Document.Encryption.Kind == ArtifactEncryption.Age
            ? new AgeEncryptionStream(compressed, repository.Recipients)
            : compressed;
}
