namespace EtcdBackupAgent.Tests.Snapshots.Bolt;

/// <summary>
/// Creates buckets of many kinds: empty, with one large element, with thousands of small ones, with keys longer than a
/// page.
/// </summary>
internal static class RandomBuckets
{
    public static WrittenBucket Make(Random random, string name, int pageSizeBytes)
    {
        int count =
            random.Next(4) switch { 0 => 0, 1 => random.Next(4), 2 => random.Next(100), _ => random.Next(3000) };
        int keyBytesMax = random.Next(6) == 0 ? pageSizeBytes * 2 : 40;
        int valueBytesMax = random.Next(3) switch { 0 => 8, 1 => pageSizeBytes / 3, _ => pageSizeBytes * 5 };

        // A few megabytes are enough for a tree with many levels, and keep a test with 150 of them fast.
        count = Math.Min(count, 2_000_000 / (keyBytesMax + valueBytesMax));
        SortedDictionary<byte[], byte[]> elements =
            new(Comparer<byte[]>.Create((left, right) => left.AsSpan().SequenceCompareTo(right)));
        for (int i = 0; i < count; i++)
        {
            byte[] key = new byte[random.Next(1, keyBytesMax)];
            byte[] value = new byte[random.Next(valueBytesMax)];
            random.NextBytes(key);
            random.NextBytes(value);
            elements[key] = value;
        }

        return new WrittenBucket(
            name, (ulong)random.Next(3), [.. elements.Select(element => (element.Key, element.Value))]);
    }
}
