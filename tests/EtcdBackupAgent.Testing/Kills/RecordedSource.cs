using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Core.Failures;

namespace EtcdBackupAgent.Testing.Kills;

/// <summary>Replays a recorded snapshot: the member from its manifest, and the bytes.</summary>
internal sealed class RecordedSource(EtcdMember member, byte[] snapshot) : ISnapshotSource
{
    public Task<EtcdSnapshot> OpenForChangesAsync(
        EtcdId preferredMember, CancellationToken cancellationToken) => OpenAsync(cancellationToken);

    public Task<EtcdSnapshot> OpenAsync(CancellationToken cancellationToken) => Task.FromResult(new EtcdSnapshot(
        member with { HashKv = null },
        snapshot.Length,
        new MemoryStream(snapshot, writable: false),
        _ => member.HashKv is { } hash
            ? Task.FromResult(hash)
            : throw new BackupException(FailureReason.EtcdFailed, "The recorded backup has no HashKV."))
    {
        HasRevisionAsync = (_, _) => Task.FromResult(true),
    });
}
