using EtcdBackupAgent.Snapshots;
using EtcdBackupAgent.Snapshots.Bolt;
using Xunit;

namespace EtcdBackupAgent.Tests.Snapshots.Bolt;

/// <summary>Compares a cursor with a sorted list.</summary>
public sealed class BoltCursorTests
{
    [Theory]
    [InlineData(1 << 10)]
    [InlineData(1 << 12)]
    [InlineData(1 << 16)]
    public void A_seek_moves_to_the_first_key_that_is_not_below_and_continues_from_there(int pageSizeBytes)
    {
        for (int seed = 0; seed < 12; seed++)
        {
            Random random = new(seed);
            WrittenBucket bucket = RandomBuckets.Make(random, "b", pageSizeBytes);
            using WrittenDatabase written = new(pageSizeBytes, [bucket]);
            BoltCursor cursor = written.Database.Bucket("b"u8)!;
            AssertAt(bucket, 0, cursor, cursor.MoveToFirst());
            for (int i = 0; i < bucket.Elements.Count; i += random.Next(1, 1 + (bucket.Elements.Count / 100)))
            {
                byte[] key = bucket.Elements[i].Key;
                AssertAt(bucket, i, cursor, cursor.Seek(key));
                AssertAt(bucket, i + 1, cursor, cursor.MoveNext());

                // There is no key between a key and the same key followed by a zero byte.
                byte[] between = [.. key, 0];
                bool exists = i + 1 < bucket.Elements.Count
                    && bucket.Elements[i + 1].Key.AsSpan().SequenceEqual(between);
                AssertAt(bucket, i + 1, cursor, cursor.Seek(between));
                AssertAt(bucket, i + 2, cursor, cursor.Seek(exists ? [.. between, 0] : between) && cursor.MoveNext());
            }

            byte[] past = [.. Enumerable.Repeat(byte.MaxValue, 1 + (pageSizeBytes * 2))];
            Assert.False(cursor.Seek(past), $"seed {seed}");
        }
    }

    [Fact]
    public void An_empty_bucket_has_no_element_for_any_move()
    {
        using WrittenDatabase written = new(4096, [new WrittenBucket("b", 0, [])]);
        BoltCursor cursor = written.Database.Bucket("b"u8)!;
        Assert.False(cursor.MoveToFirst());
        Assert.False(cursor.MoveNext());
        Assert.False(cursor.Seek("a"u8));
        Assert.Null(written.Database.Bucket("a"u8));
        Assert.Null(written.Database.Bucket("c"u8));
    }

    [Fact]
    public void Repeated_references_to_an_empty_leaf_are_detected()
    {
        List<(byte[] Key, byte[] Value)> elements =
            [.. Enumerable.Range(0, 200).Select(i => (new byte[] { (byte)i }, new byte[3000]))];
        using WrittenDatabase written = new(4096, [new WrittenBucket("b", 0, elements)]);
        using DamagedFile file = new(written.ReadBytes());
        BoltField[] children = [.. BoltFields.Of(file.Open()).Where(field => field.Structure == BoltStructure.Child)];

        // A leaf whose header has no element and 99 overflow pages. All children of a branch refer to it.
        long leaf = BitConverter.ToInt64(file.Bytes, (int)children[0].Offset);
        file.Write((leaf * 4096) + 10, [0, 0, 99, 0, 0, 0]);
        foreach (BoltField child in children)
        {
            file.Write(child.Offset, BitConverter.GetBytes(leaf));
        }

        // Clear the bytes after the header: otherwise they would be reported first.
        file.Write((leaf * 4096) + 16, new byte[(100 * 4096) - 16]);
        BoltCursor cursor = file.Open().Bucket("b"u8)!;
        SnapshotDamagedException damage = Assert.Throws<SnapshotDamagedException>(() => cursor.MoveToFirst());
        Assert.Contains("refers to pages more than once", damage.Message, StringComparison.Ordinal);
    }

    private static void AssertAt(WrittenBucket bucket, int index, BoltCursor cursor, bool found)
    {
        Assert.Equal(index < bucket.Elements.Count, found);
        if (found)
        {
            Assert.True(cursor.Key.SequenceEqual(bucket.Elements[index].Key), $"{index} of {bucket.Elements.Count}");
            Assert.True(
                cursor.Value.SequenceEqual(bucket.Elements[index].Value), $"{index} of {bucket.Elements.Count}");
        }
    }
}
