using System.Text;
using EtcdBackupAgent.Snapshots;
using EtcdBackupAgent.Snapshots.KeySpaces;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Tests.Snapshots.Revisions;
using Microsoft.Win32.SafeHandles;
using Xunit;

namespace EtcdBackupAgent.Tests.Snapshots.KeySpaces;

public sealed class KeySpaceReaderTests : IDisposable
{
    private readonly TestDirectory _directory = new();

    [Fact]
    public void Every_revision_that_is_not_compacted_has_the_keys_of_the_store()
    {
        int compared = 0;
        for (int seed = 0; seed < 60; seed++)
        {
            Random random = new(seed);
            StoreModel store = Fill(random);
            using SafeFileHandle file = Write(store, out long bytes);
            for (long revision = Math.Max(1, store.Finished); revision <= store.Revision; revision++)
            {
                KeySpaceReader reader = KeySpaceReader.Open(file, bytes, revision);
                string[] found =
                [
                    .. reader.Find(_ => true, CancellationToken.None)
                        .Select(key => Text(key, reader.ReadValue(key, new()))),
                ];

                Assert.Equal(Expected(store, revision), found);
                compared += found.Length;
            }
        }

        Assert.True(compared > 1000, $"only {compared} keys were compared");
    }

    [Fact]
    public void A_filter_selects_keys_and_the_last_revision_is_the_default()
    {
        StoreModel store = Fill(new Random(7));
        using SafeFileHandle file = Write(store, out long bytes);

        KeySpaceReader reader = KeySpaceReader.Open(file, bytes, revision: null);
        IReadOnlyList<FoundKey> found = reader.Find(key => key.EndsWith("3"u8), CancellationToken.None);

        Assert.Equal(store.Revision, reader.Revision);
        Assert.Equal(
            Expected(store, store.Revision).Where(text => text.Split(' ')[0].EndsWith('3')),
            found.Select(key => Text(key, reader.ReadValue(key, new()))));
    }

    [Fact]
    public void A_file_that_changes_between_the_search_and_the_read_is_damage()
    {
        StoreModel store = Fill(new Random(11));
        using SafeFileHandle file = Write(store, out long bytes);
        KeySpaceReader reader = KeySpaceReader.Open(file, bytes, revision: null);
        FoundKey key = reader.Find(_ => true, CancellationToken.None)
            .First(found => !reader.ReadValue(found, new()).Value.IsEmpty);
        byte[] content = File.ReadAllBytes(_directory["store.db"]);
        ReadOnlySpan<byte> value = reader.ReadValue(key, new()).Value.Span;
        for (int at = content.AsSpan().IndexOf(value), from = 0; at >= 0; at = content.AsSpan(from).IndexOf(value))
        {
            content[from + at] ^= 1;
            from += at + 1;
        }

        File.WriteAllBytes(_directory["store.db"], content);

        SnapshotDamagedException damage =
            Assert.Throws<SnapshotDamagedException>(() => reader.ReadValue(key, new()));
        Assert.Matches(
            $@"^revision {key.ModRevision}\.\d+ was changed while the database was read$", damage.Message);
    }

    [Fact]
    public void A_revision_outside_of_the_database_is_refused()
    {
        StoreModel store = Fill(new Random(3));
        store.ScheduleCompaction(store.Revision - 2);
        store.FinishCompaction();
        using SafeFileHandle file = Write(store, out long bytes);

        foreach (long revision in new[] { store.Finished - 1, store.Revision + 1 })
        {
            RevisionOutsideException refused = Assert.Throws<RevisionOutsideException>(
                () => KeySpaceReader.Open(file, bytes, revision));
            Assert.Equal(
                $"revision {revision} is not among the revisions {store.Finished} to {store.Revision} that it has",
                refused.Message);
        }
    }

    [Fact]
    public void A_file_that_is_no_database_of_etcd_is_damage()
    {
        string path = _directory["other.db"];
        BoltFile.Write(path, ("other", [("k"u8.ToArray(), "v"u8.ToArray())]));
        using SafeFileHandle file = File.OpenHandle(path);

        SnapshotDamagedException damage = Assert.Throws<SnapshotDamagedException>(
            () => KeySpaceReader.Open(file, RandomAccess.GetLength(file), revision: null));

        Assert.Contains("no bucket 'key'", damage.Message, StringComparison.Ordinal);
    }

    public void Dispose() => _directory.Dispose();

    private static StoreModel Fill(Random random)
    {
        StoreModel store = new(keepsTombstone: random.Next(2) == 0);
        for (int change = 0; change < 30; change++)
        {
            store.Change(random, keys: 12);
            if (random.Next(12) == 0)
            {
                store.ScheduleCompaction(store.Revision - random.Next(3));
                store.FinishCompaction();
            }
        }

        return store;
    }

    private SafeFileHandle Write(StoreModel store, out long bytes)
    {
        string path = _directory["store.db"];
        BoltFile.Write(
            path,
            ("key", store.Stored.Select(record => (record.RawKey, record.RawValue))),
            ("meta", store.Finished > 0 ? [("finishedCompactRev"u8.ToArray(), Compacted(store))] : []));
        SafeFileHandle file = File.OpenHandle(path);
        bytes = RandomAccess.GetLength(file);
        return file;
    }

    private static byte[] Compacted(StoreModel store) =>
        new StoredRecord { Revision = new(store.Finished, 0), Key = "" }.RawKey;

    private static string[] Expected(StoreModel store, long revision) =>
    [
        .. store.All
            .Where(record => record.Revision.Main <= revision)
            .GroupBy(record => record.Key, StringComparer.Ordinal)
            .Select(ofKey => ofKey.Last())
            .Where(record => !record.IsTombstone)
            .OrderBy(record => record.Key, StringComparer.Ordinal)
            .Select(r => $"{r.Key} {Convert.ToHexString(r.Value)} {r.Revision.Main} {r.Created} {r.Lease}"),
    ];

    private static string Text(FoundKey key, FoundValue value) =>
        $"{Encoding.UTF8.GetString(key.Key.Span)} {Convert.ToHexString(value.Value.Span)} {value.ModRevision} "
        + $"{value.CreateRevision} {value.Lease}";
}
