using EtcdBackupAgent.Archive.Age;
using EtcdBackupAgent.Archive.Streams;
using EtcdBackupAgent.Archive.Zstd;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Repository;

namespace EtcdBackupAgent.Core.ChangeLog;

/// <summary>Compresses and encrypts a segment, as it is stored.</summary>
internal static class SegmentSeal
{
    private static readonly ZstdCompressionOptions Compression = new() { Level = 3 };

    /// <summary>Returns the bytes to store, from the beginning of the stream.</summary>
    /// <param name="repository">The repository, whose recipients can open the segment.</param>
    /// <param name="name">The name, which says whether the segment is encrypted.</param>
    /// <param name="plain">The segment. The caller keeps ownership.</param>
    /// <param name="cancellationToken">Cancels the work.</param>
    public static async Task<MemoryStream> SealAsync(
        BackupRepository repository, SegmentName name, Stream plain, CancellationToken cancellationToken)
    {
        MemoryStream stored = new();
        await using ZstdCompressionStream compressed = new(plain, Compression);
        await using PullStream encrypted = name.Encryption == ArtifactEncryption.Age
            ? new AgeEncryptionStream(compressed, repository.Recipients)
            : compressed;
        await encrypted.CopyToAsync(stored, cancellationToken);
        stored.Position = 0;
        return stored;
    }
}
