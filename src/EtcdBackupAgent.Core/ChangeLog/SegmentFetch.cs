using System.Buffers;
using EtcdBackupAgent.Archive;
using EtcdBackupAgent.Archive.Age;
using EtcdBackupAgent.Archive.Streams;
using EtcdBackupAgent.Archive.Zstd;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Stores;
using EtcdBackupAgent.Snapshots;
using EtcdBackupAgent.Snapshots.ChangeLog;

namespace EtcdBackupAgent.Core.ChangeLog;

/// <summary>
/// Reads the segments of a path from a store. Segments are small and many, so several are fetched and opened at the
/// same time, before the reader needs them.
/// </summary>
/// <param name="store">The store of the repository.</param>
/// <param name="identities">The identities that open an encrypted segment.</param>
internal sealed class SegmentFetch(IObjectStore store, IReadOnlyList<AgeIdentity> identities)
{
    /// <summary>The most segments that are fetched before they are read.</summary>
    public const int FetchedMax = 32;

    /// <summary>
    /// The most stored bytes of segments that are fetched before they are read, besides the next one.
    /// </summary>
    public const long FetchedBytesMax = 32 << 20;

    /// <summary>A segment of up to this many stored bytes is opened as soon as it is fetched.</summary>
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

    /// <summary>Returns the segments for a reader that opens each once, in their order.</summary>
    public IReadOnlyList<LogSegment> Open(LogPath path)
    {
        Task<FetchedSegment>?[] fetched = new Task<FetchedSegment>?[path.Segments.Count];
        return
        [
            .. path.Segments.Select((segment, index) => new LogSegment(
                segment.Name.ToString(),
                segment.Name.First,
                segment.Name.Last,
                cancellationToken => OpenAsync(path.Segments, fetched, index, cancellationToken))),
        ];
    }

    private async Task<Stream> OpenAsync(
        IReadOnlyList<StoredSegment> segments,
        Task<FetchedSegment>?[] fetched,
        int index,
        CancellationToken cancellationToken)
    {
        // The later ones are fetched while this one is read.
        long bytes = 0;
        for (int i = index; i < Math.Min(segments.Count, index + FetchedMax); i++)
        {
            bytes += i == index ? 0 : segments[i].SizeBytes;
            if (bytes > FetchedBytesMax)
            {
                break;
            }

            fetched[i] ??= FetchAsync(segments[i], cancellationToken);
        }

        FetchedSegment segment = await fetched[index]!;
        fetched[index] = null;
        return segment.IsPlain ? new MemoryStream(segment.Bytes) : Open(segments[index], segment.Bytes);
    }

    /// <summary>Fetches a segment, and opens a small one.</summary>
    private async Task<FetchedSegment> FetchAsync(StoredSegment segment, CancellationToken cancellationToken)
    {
        await using Stream stored = await store.OpenReadAsync(segment.Name.Key, range: null, cancellationToken);
        using MemoryStream bytes = new(checked((int)segment.SizeBytes));
        await stored.CopyToAsync(bytes, cancellationToken);
        FetchedSegment fetched = new(bytes.ToArray(), IsPlain: false);
        return segment.SizeBytes <= OpenedBytesMax
            && await TryReadPlainAsync(segment, fetched.Bytes, cancellationToken) is { } plain
                ? new FetchedSegment(plain, IsPlain: true)
                : fetched;
    }

    /// <summary>Returns the plain bytes of a segment; null if there are too many to keep.</summary>
    private async Task<byte[]?> TryReadPlainAsync(
        StoredSegment segment, byte[] stored, CancellationToken cancellationToken)
    {
        await using SegmentStream opened = Open(segment, stored);
        using MemoryStream plain = new();
        byte[] buffer = ArrayPool<byte>.Shared.Rent(1 << 16);
        try
        {
            int read;
            while ((read = await opened.ReadAsync(buffer, cancellationToken)) > 0)
            {
                if (plain.Length + read > PlainBytesMax)
                {
                    return null;
                }

                plain.Write(buffer, 0, read);
            }

            return plain.ToArray();
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer, clearArray: true);
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

    /// <summary>A segment in memory.</summary>
    private sealed record FetchedSegment(byte[] Bytes, bool IsPlain);

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
