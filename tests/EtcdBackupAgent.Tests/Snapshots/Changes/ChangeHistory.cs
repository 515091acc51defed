using EtcdBackupAgent.Archive.Hashing;
using EtcdBackupAgent.Snapshots.Changes;
using EtcdBackupAgent.Tests.Snapshots.Bolt;
using EtcdBackupAgent.Tests.Snapshots.Revisions;

namespace EtcdBackupAgent.Tests.Snapshots.Changes;

/// <summary>
/// Two databases of one random history: the base, which contains R0 and possibly later revisions, and the file, after
/// more changes and compactions. Every seed gives the same revisions.
/// </summary>
internal sealed class ChangeHistory : IDisposable
{
    private const int LaterRevisionsMax = 300;

    private readonly Random _random;
    private readonly int _pageSizeBytes;
    private readonly int _keys;

    /// <param name="seed">Decides the revisions.</param>
    /// <param name="content">Decides the bytes of the values.</param>
    /// <param name="changesMax">The most transactions between two steps.</param>
    public ChangeHistory(int seed, int content = 0, int changesMax = 60)
    {
        _random = new Random(seed);
        _pageSizeBytes = 1024 << _random.Next(4);
        _keys = 1 + _random.Next(40);
        Random bytes = new(content);
        Store = new StoreModel(keepsTombstone: _random.Next(2) == 0)
        {
            NewValue = random =>
            {
                byte[] value = new byte[random.Next(30) == 0 ? random.Next(20_000) : random.Next(60)];
                bytes.NextBytes(value);
                return value;
            },
        };

        Change(_random.Next(8) == 0 ? 0 : _random.Next(changesMax));
        long r0 = Store.Revision;
        if (_random.Next(2) == 0)
        {
            Change(_random.Next(Math.Min(changesMax * 5, LaterRevisionsMax)));
        }

        Base = Write();
        Identity = new ChangesBase
        {
            Id = $"{seed:x8}",
            ManifestSha256 = new Sha256Digest([.. Enumerable.Repeat((byte)seed, Sha256Digest.SizeBytes)]),
            Revision = r0,
        };
        for (int steps = _random.Next(4); steps > 0; steps--)
        {
            Change(_random.Next(changesMax));
        }

        File = Write();
    }

    /// <summary>The store at the time of the file.</summary>
    public StoreModel Store { get; }

    public WrittenDatabase Base { get; }

    public WrittenDatabase File { get; }

    public ChangesBase Identity { get; }

    /// <summary>Returns the changes of the file, and their summary.</summary>
    public async Task<(byte[] Bytes, ChangesSummary Summary)> WriteChangesAsync()
    {
        using MemoryStream bytes = new();
        using ChangesWriter writer = new(File.Database, Identity, bytes);
        ChangesSummary summary = await writer.WriteAsync(CancellationToken.None);
        return (bytes.ToArray(), summary);
    }

    /// <summary>Opens the base for a merge.</summary>
    public ChangesMerge OpenBase() => ChangesMerge.Open(Base.Pages, Base.SizeBytes, Identity);

    public void Dispose()
    {
        Base.Dispose();
        File.Dispose();
    }

    /// <summary>Makes changes, sometimes with a compaction before, between or after them.</summary>
    private void Change(int transactions)
    {
        int compaction = _random.Next(2 * (transactions + 1));
        for (int i = 0; i <= transactions; i++)
        {
            if (i == compaction && Store.Revision > Store.Finished)
            {
                Store.ScheduleCompaction(_random.NextInt64(Math.Max(1, Store.Finished), Store.Revision + 1));
                Store.FinishCompaction();
            }

            if (i < transactions)
            {
                Store.Change(_random, _keys);
            }
        }

        if (_random.Next(8) == 0)
        {
            Store.DeleteAll();
        }
    }

    private WrittenDatabase Write() => new(_pageSizeBytes,
    [
        new WrittenBucket("auth", (ulong)_random.Next(3), []),
        .. Enumerable.Range(0, _random.Next(3)).Select(i => Small($"bucket {i}")),
        new WrittenBucket("key", (ulong)_random.Next(3), [.. Store.Stored.Select(r => (r.RawKey, r.RawValue))]),
        Small("lease"),
        new WrittenBucket("meta", 0, Store.Compactions()),
    ]);

    private WrittenBucket Small(string name) => new(
        name,
        (ulong)_random.NextInt64(),
        [.. Enumerable.Range(0, _random.Next(20)).Select(i => (new[] { (byte)i }, new byte[_random.Next(3000)]))]);
}
