using EtcdBackupAgent.Archive;
using EtcdBackupAgent.Archive.Age;
using EtcdBackupAgent.Archive.Streams;
using EtcdBackupAgent.Archive.Zstd;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Stores;
using EtcdBackupAgent.Snapshots;

namespace EtcdBackupAgent.Core.ChangeLog;

/// <summary>Fetches and opens segments of change logs.</summary>
/// <param name="store">The store of the repository.</param>
/// <param name="identities">The identities that open an encrypted segment.</param>
internal sealed class SegmentFetch(IObjectStore store, IReadOnlyList<AgeIdentity> identities)
{
    /// <summary>A segment of up to this many stored bytes is opened before it is read.</summary>
    public const long OpenedBytesMax = 256 << 10;

    /// <summary>A segment with more plain bytes is opened when it is read, however small it is.</summary>
    public const int PlainBytesMax = 4 << 20;

    /// <summary>Throws if a segment is encrypted and there is no key.</summary>
    /// <exception cref="BackupException"><see cref="FailureReason.KeyRefused"/>.</exception>
    public void RequireKey(LogPath path)
    {
        if (identities.Count == 0
            && path.Segments.Any(segment => segment.Name.Encryption == ArtifactEncryption.Age))
        {
            throw NoKey($"The change log {path.Lineage.Id} in {store.Address} is encrypted, and no key was given.");
        }
    }

    /// <summary>Begins to fetch the segments of a path for one reader.</summary>
    /// <param name="path">The path.</param>
    /// <param name="cancellationToken">Ends the fetch; the reader then gets the cancellation.</param>
    public FetchedSegments Begin(LogPath path, CancellationToken cancellationToken) =>
        new(this, path.Segments, cancellationToken);

    /// <summary>Returns the stored bytes of a segment.</summary>
    /// <exception cref="BackupException">The store's reason.</exception>
    internal async Task<byte[]> FetchAsync(StoredSegment segment, CancellationToken cancellationToken)
    {
        await using Stream stored = await store.OpenReadAsync(segment.Name.Key, range: null, cancellationToken);
        using MemoryStream bytes = new(checked((int)segment.SizeBytes));
        await stored.CopyToAsync(bytes, cancellationToken);
        return bytes.Capacity == bytes.Length ? bytes.GetBuffer() : bytes.ToArray();
    }

    /// <summary>Opens the stored bytes of a segment. The plain bytes of a small one are read at once.</summary>
    /// <exception cref="AgeException">The bytes cannot be decrypted.</exception>
    /// <exception cref="ArchiveDamagedException">The bytes cannot be decompressed.</exception>
    internal async Task<Stream> OpenAsync(StoredSegment segment, byte[] stored, CancellationToken cancellationToken) =>
        stored.Length <= OpenedBytesMax && await TryReadPlainAsync(segment, stored, cancellationToken) is { } plain
            ? plain
            : Open(segment, stored);

    /// <summary>Returns the plain bytes of a segment; null if there are too many to keep.</summary>
    private async Task<Stream?> TryReadPlainAsync(
        StoredSegment segment, byte[] stored, CancellationToken cancellationToken)
    {
        await using SegmentStream opened = Open(segment, stored);
        PooledBytes plain = new(initialBytes: stored.Length * 4);
        try
        {
            while (await plain.ReadFromAsync(opened, cancellationToken) > 0)
            {
                if (plain.WrittenBytes > PlainBytesMax)
                {
                    plain.Dispose();
                    return null;
                }
            }

            return plain;
        }
        catch
        {
            plain.Dispose();
            throw;
        }
    }

    private SegmentStream Open(StoredSegment segment, byte[] stored) => new(
        new MemoryStream(stored), segment.Name.Encryption == ArtifactEncryption.Age ? identities : null);

    /// <summary>Returns whether a failure concerns the bytes of the segments.</summary>
    public static bool IsContentFailure(Exception e) =>
        e is AgeException or ArchiveDamagedException or SnapshotDamagedException
        || e is BackupException { Reason: FailureReason.ObjectNotFound };

    /// <summary>Returns what a failure that concerns the bytes of the segments means.</summary>
    public BackupException Explain(LogPath path, Exception e) =>
        e is AgeException { Failure: AgeFailure.NoMatchingIdentity }
            ? NoKey(
                $"The change log {path.Lineage.Id} in {store.Address} is encrypted, and none of the given keys opens "
                + "it.",
                e)
            : new BackupException(
                FailureReason.DataDamaged,
                $"The change log {path.Lineage.Id} in {store.Address} is damaged: {e.Message.TrimEnd('.')}.",
                e)
            {
                Hint = "Restore an earlier moment; 'etcd-backup-agent list --windows' shows what can be restored.",
            };

    private static BackupException NoKey(string message, Exception? inner = null) =>
        new(FailureReason.KeyRefused, message, inner)
        {
            Hint = "Give the passphrase, or the identity of one of the repository's recipients.",
            Settings = [Setting.Identity],
        };

    /// <summary>The plain bytes of a segment.</summary>
    private sealed class SegmentStream : ForwardOnlyStream
    {
        private readonly Stream _stored;
        private readonly AgeDecryptionStream? _decrypted;
        private readonly ZstdDecompressionStream _plain;

        public SegmentStream(Stream stored, IReadOnlyList<AgeIdentity>? identities)
        {
            _stored = stored;
            _decrypted = identities is null ? null : new AgeDecryptionStream(stored, identities);
            _plain = new ZstdDecompressionStream(_decrypted ?? stored);
        }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            _plain.ReadAsync(buffer, cancellationToken);

        public override async ValueTask DisposeAsync()
        {
            await _plain.DisposeAsync();
            await (_decrypted?.DisposeAsync() ?? ValueTask.CompletedTask);
            await _stored.DisposeAsync();
            await base.DisposeAsync();
        }
    }
}
