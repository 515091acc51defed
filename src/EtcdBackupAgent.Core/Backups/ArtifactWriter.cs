using EtcdBackupAgent.Archive;
using EtcdBackupAgent.Archive.Age;
using EtcdBackupAgent.Archive.Hashing;
using EtcdBackupAgent.Archive.Zstd;
using EtcdBackupAgent.Core.Repository;

namespace EtcdBackupAgent.Core.Backups;

/// <summary>
/// Stores the artifacts of one snapshot. The layers are streams that pull from each other, so the store's pace is the source's pace and
/// memory is bounded by the layers' own buffers.
/// </summary>
internal sealed class ArtifactWriter(
    BackupRepository repository, SnapshotFolder folder, IProgress<TransferProgress> progress)
{
    /// <param name="kind">What the bytes are; decides the file's name.</param>
    /// <param name="plain">The bytes, from where the stream stands to its end.</param>
    /// <param name="plainBytesExpected">How many there will be, for showing progress; null if not known.</param>
    /// <param name="cancellationToken">Ends the transfer; nothing is stored then.</param>
    public async Task<ArtifactManifest> StoreAsync(
        ArtifactKind kind, Stream plain, long? plainBytesExpected, CancellationToken cancellationToken)
    {
        ArtifactEncryption encryption = repository.Document.Encryption.Kind;
        ObjectKey key = folder.Key(ArtifactNames.FileName(kind, encryption));
        await using ProgressStream reported = new(plain, ArtifactNames.Title(kind), plainBytesExpected, progress);

        // plain bytes ▶ SHA-256 ▶ zstd ▶ age ▶ SHA-256 ▶ store
        await using DigestingStream plainDigest = new(reported, leaveOpen: true);
        await using ZstdCompressionStream compressed = new(plainDigest, new ZstdCompressionOptions(), leaveOpen: true);
        await using PullStream encrypted = Encrypt(compressed);
        await using DigestingStream storedDigest = new(encrypted, leaveOpen: true);
        long storedBytes = await repository.Store.PutAsync(key, storedDigest, cancellationToken);

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

    private PullStream Encrypt(ZstdCompressionStream compressed) =>
        repository.Document.Encryption.Kind == ArtifactEncryption.Age
            ? new AgeEncryptionStream(compressed, repository.Recipients, leaveOpen: true)
            : compressed;
}
