using System.Text;
using EtcdBackupAgent.Objects.Keys;
using EtcdBackupAgent.Objects.Kinds;
using EtcdBackupAgent.Objects.Querying;
using EtcdBackupAgent.Objects.Reading;
using EtcdBackupAgent.Snapshots;
using EtcdBackupAgent.Snapshots.KeySpaces;
using Xunit;

namespace EtcdBackupAgent.Tests.Objects.Querying;

public sealed class OrderedReadsTests
{
    private static readonly GroupResource ConfigMaps = new("", "configmaps");

    [Fact]
    public void Objects_of_several_windows_come_in_the_order_of_their_keys()
    {
        FoundKey[] keys = [.. Enumerable.Range(0, (3 * OrderedReads.WindowKeysMax) + 7).Select(i => new Key($"{i}"))];

        string?[] names = [.. new OrderedReads(keys, () => Read).Read(CancellationToken.None).Select(NameOf)];

        Assert.Equal(keys.Select(TextOf), names);
    }

    [Fact]
    public void A_key_without_an_object_keeps_its_place()
    {
        OrderedReads reads = new([new Key("a"), new Key("b")], () => key => TextOf(key) == "a" ? null : Read(key));

        Assert.Equal([null, "b"], reads.Read(CancellationToken.None).Select(NameOf));
    }

    [Fact]
    public void Large_values_end_a_window()
    {
        int read = 0;
        FoundKey[] keys =
            [.. Enumerable.Range(0, 10).Select(i => new Key($"{i}") { Bytes = OrderedReads.WindowBytesMax })];
        OrderedReads reads = new(
            keys,
            () => key =>
            {
                Interlocked.Increment(ref read);
                return Read(key);
            });

        using (IEnumerator<FoundObject?> first = reads.Read(CancellationToken.None).GetEnumerator())
        {
            Assert.True(first.MoveNext());
        }

        Assert.InRange(read, 1, 2);
    }

    [Fact]
    public void Damage_is_thrown_as_it_is_after_the_objects_of_the_windows_before_it()
    {
        FoundKey[] keys = [.. Enumerable.Range(0, OrderedReads.WindowKeysMax + 1).Select(i => new Key($"{i}"))];
        OrderedReads reads = new(
            keys, () => key => key == keys[^1] ? throw new SnapshotDamagedException("page 7: gone") : Read(key));
        List<string?> names = [];

        SnapshotDamagedException damage = Assert.Throws<SnapshotDamagedException>(
            () => names.AddRange(reads.Read(CancellationToken.None).Select(NameOf)));

        Assert.Equal("page 7: gone", damage.Message);
        Assert.Equal(OrderedReads.WindowKeysMax, names.Count);
    }

    [Fact]
    public void No_read_goes_on_after_the_caller_has_ended()
    {
        int running = 0;
        FoundKey[] keys = [.. Enumerable.Range(0, 5 * OrderedReads.WindowKeysMax).Select(i => new Key($"{i}"))];
        OrderedReads reads = new(
            keys,
            () => key =>
            {
                Interlocked.Increment(ref running);
                FoundObject read = Read(key);
                Interlocked.Decrement(ref running);
                return read;
            });

        Assert.Equal("0", reads.Read(CancellationToken.None).Select(NameOf).First());

        Assert.Equal(0, running);
    }

    [Fact]
    public void A_cancelled_read_ends()
    {
        using CancellationTokenSource cancelled = new();
        cancelled.Cancel();

        Assert.Throws<OperationCanceledException>(
            () => new OrderedReads([new Key("a")], () => Read).Read(cancelled.Token).ToArray());
    }

    private static FoundObject Read(FoundKey key)
    {
        StorageKey place = new(ConfigMaps, "web", TextOf(key));
        StoredObject content =
            new() { Outcome = ReadOutcome.Read, KeyContent = KeyContent.Object, Place = place };
        return new FoundObject(place, content, ModRevision: 1, CreateRevision: 1);
    }

    private static string? NameOf(FoundObject? item) => item?.Place.Name;

    private static string TextOf(FoundKey key) => Encoding.UTF8.GetString(key.Key.Span);

    private sealed class Key(string text) : FoundKey(Encoding.UTF8.GetBytes(text))
    {
        public int Bytes { get; init; }

        public override long ModRevision => 1;

        public override int ValueBytesMax => Bytes;
    }
}
