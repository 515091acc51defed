using System.Security.Cryptography;
using EtcdBackupAgent.Archive.Streams;
using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Snapshots.Verification;
using EtcdBackupAgent.Tests.Snapshots.Revisions;

namespace EtcdBackupAgent.Tests.Core;

/// <summary>
/// An etcd of one member, with the content of a model of its store. Each opened snapshot has the content of that time.
/// </summary>
internal sealed class ModelSource(StoreModel store) : ISnapshotSource
{
    private readonly List<EtcdId?> _opened = [];

    /// <summary>The member that each call preferred; null for a call that may not be stored as changes.</summary>
    public IReadOnlyList<EtcdId?> Opened => _opened;

    /// <summary>The streams that are opened and not yet closed.</summary>
    public int OpenStreams { get; private set; }

    /// <summary>Runs before the snapshot with this number, counted from 1, is opened.</summary>
    public Action<int> BeforeOpening { get; init; } = _ => { };

    /// <summary>Changes the member.</summary>
    public Func<EtcdMember, EtcdMember> Member { get; init; } = same => same;

    /// <summary>Why a linearizable read fails; null if it succeeds.</summary>
    public string? NotLinearizableReason { get; init; }

    /// <summary>Responds whether the member has a revision; null for the truth.</summary>
    public Func<long, CancellationToken, Task<bool>>? HasRevisionAsync { get; init; }

    /// <summary>Changes the bytes of the database.</summary>
    public Func<byte[], byte[]> Database { get; init; } = same => same;

    /// <summary>The size that the member reports; null for the true one.</summary>
    public long? ReportedBytes { get; init; }

    /// <summary>Returns what the member of a store streams: the database and its SHA-256.</summary>
    public static byte[] BytesOf(StoreModel store) => new ModelSource(store).Bytes();

    /// <summary>Returns what the member streams.</summary>
    public byte[] Bytes()
    {
        byte[] database = Database(BoltFile.Bytes(
            ("key", store.Stored.Select(r => (r.RawKey, r.RawValue))), ("meta", store.Compactions())));
        return [.. database, .. SHA256.HashData(database)];
    }

    public Task<EtcdSnapshot> OpenAsync(CancellationToken cancellationToken) =>
        Task.FromResult(Open(preferred: null, EtcdSnapshot.LinearizableReadNotRequested));

    public Task<EtcdSnapshot> OpenForChangesAsync(EtcdId preferredMember, CancellationToken cancellationToken) =>
        Task.FromResult(Open(preferredMember, NotLinearizableReason));

    private EtcdSnapshot Open(EtcdId? preferred, string? notLinearizable)
    {
        _opened.Add(preferred);
        BeforeOpening(_opened.Count);
        EtcdMember sample = SampleSnapshots.Create(SampleSnapshots.NewYear).Manifest.Etcd!;
        EtcdMember member = Member(sample with
        {
            HashKv = null,
            Revision = store.Revision,
            RaftIndex = (ulong)store.Revision + 100,
        });
        byte[] bytes = Bytes();
        HashKv hash = new()
        {
            Revision = store.Revision,
            Hash = store.HashKv(store.Revision),
            CompactRevision = store.Scheduled,
        };
        long compacted = store.Scheduled;
        OpenStreams++;
        Stream content = new CountedStream(new MemoryStream(bytes, writable: false), () => OpenStreams--);
        return new EtcdSnapshot(
            member, ReportedBytes ?? bytes.Length, content, _ => Task.FromResult(hash))
        {
            HasRevisionAsync = HasRevisionAsync ?? ((revision, _) => Task.FromResult(revision >= compacted)),
            NotLinearizableReason = notLinearizable,
        };
    }

    private sealed class CountedStream(Stream content, Action closed) : PullStream(content)
    {
        protected override int Pull(Span<byte> buffer) => Source.Read(buffer);

        protected override ValueTask<int> PullAsync(Memory<byte> buffer, CancellationToken cancellationToken) =>
            Source.ReadAsync(buffer, cancellationToken);

        protected override void Release() => closed();
    }
}
