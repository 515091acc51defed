using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Snapshots.Verification;

namespace EtcdBackupAgent.Core.Etcd;

/// <summary>
/// A snapshot that is being read. Disposing it closes the stream, even if it was not read to its end.
/// </summary>
public sealed class EtcdSnapshot(
    EtcdMember member, long sizeBytes, Stream content, Func<CancellationToken, Task<HashKv>> askHashKv)
    : IAsyncDisposable
{
    /// <summary>The reason if no linearizable read was requested.</summary>
    public const string LinearizableReadNotRequested = "no linearizable read was requested";

    /// <summary>The member that is being read, in its state just before the stream was opened.</summary>
    public EtcdMember Member { get; } = member;

    /// <summary>
    /// Why the member may not have had the cluster's last writes when its status was read; null if a linearizable read
    /// succeeded before. Only <see cref="ISnapshotSource.OpenForChangesAsync"/> makes that read.
    /// </summary>
    public string? NotLinearizableReason { get; init; } = LinearizableReadNotRequested;

    /// <summary>Bytes of the stream: the database and etcd's SHA-256 trailer of 32 bytes.</summary>
    public long SizeBytes { get; } = sizeBytes;

    /// <summary>
    /// The raw snapshot as <c>etcdctl snapshot save</c> would write it, including the trailer. Reading to the end
    /// proves the length and the trailer's SHA-256; every other end of the stream throws a
    /// <see cref="BackupException"/> with <see cref="FailureReason.SnapshotBroken"/>.
    /// </summary>
    public Stream Content { get; } = content;

    /// <summary>
    /// Requests HashKV at <see cref="EtcdMember.Revision"/>, which is in the snapshot, from the member that was read.
    /// Call it after <see cref="Content"/> was read to its end: the member serves no write and no linearizable read
    /// while it computes the hash. The compaction revision of the response is never older than the snapshot's, because
    /// the stream was opened before; and the hash can be computed again from the snapshot.
    /// </summary>
    /// <exception cref="BackupException">
    /// The member returned no usable hash, or not in time. The message explains why.
    /// </exception>
    public Task<HashKv> AskHashKvAsync(CancellationToken cancellationToken) => askHashKv(cancellationToken);

    /// <summary>
    /// Asks the member that is read, with one small request, whether it has a revision at or below
    /// <see cref="EtcdMember.Revision"/> that it has not compacted. If it has, so has the snapshot, which was opened
    /// before. It throws a <see cref="BackupException"/> if the member does not respond.
    /// </summary>
    public required Func<long, CancellationToken, Task<bool>> HasRevisionAsync { get; init; }

    /// <summary>Closes the stream, so that etcd ends its read transaction.</summary>
    public ValueTask DisposeAsync() => Content.DisposeAsync();
}
