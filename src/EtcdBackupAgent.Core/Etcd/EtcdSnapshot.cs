using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Snapshots.Verification;

namespace EtcdBackupAgent.Core.Etcd;

/// <summary>A snapshot being read. Disposing it ends the stream, whether or not it was read to its end.</summary>
public sealed class EtcdSnapshot(
    EtcdMember member, long sizeBytes, Stream content, Func<CancellationToken, Task<HashKv>> askHashKv) : IAsyncDisposable
{
    /// <summary>The member that is being read, as it was just before the stream was opened.</summary>
    public EtcdMember Member { get; } = member;

    /// <summary>Bytes of the stream: the database and etcd's SHA-256 trailer of 32 bytes.</summary>
    public long SizeBytes { get; } = sizeBytes;

    /// <summary>
    /// The raw snapshot as <c>etcdctl snapshot save</c> would write it, trailer included. Reading to the end proves the length and the
    /// trailer's SHA-256; anything else ends in a <see cref="BackupException"/> with <see cref="FailureReason.SnapshotBroken"/>.
    /// </summary>
    public Stream Content { get; } = content;

    /// <summary>
    /// Asks the member that was read for HashKV at <see cref="EtcdMember.Revision"/>, which is in the snapshot. To be
    /// called after <see cref="Content"/> was read to its end: the member makes no write and no linearizable read while
    /// it computes the hash. The answer's compaction is never older than the snapshot's, since the stream was opened
    /// before; and it is one that can be computed again from the snapshot.
    /// </summary>
    /// <exception cref="BackupException">There is no such answer, or none in time: why.</exception>
    public Task<HashKv> AskHashKvAsync(CancellationToken cancellationToken) => askHashKv(cancellationToken);

    public ValueTask DisposeAsync() => Content.DisposeAsync();
}
