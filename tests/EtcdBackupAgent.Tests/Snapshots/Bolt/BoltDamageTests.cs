using System.Buffers.Binary;
using EtcdBackupAgent.Snapshots.Bolt;
using EtcdBackupAgent.Snapshots.Revisions;
using EtcdBackupAgent.Snapshots.Verification;
using EtcdBackupAgent.Testing;
using Xunit;

namespace EtcdBackupAgent.Tests.Snapshots.Bolt;

/// <summary>
/// Real snapshots with damage in one place: <c>verify --deep</c> detects the damage, or every name, key and value is
/// unchanged and can be found.
/// </summary>
public sealed class BoltDamageTests
{
    private const int AllocatedBytesMax = 16 << 20;
    private const string Etcd34 = "etcd-3.4.db.zst";
    private const string Etcd35 = "etcd-3.5.db.zst";

    [Theory]
    [InlineData(Etcd34)]
    [InlineData(Etcd35)]
    public void A_real_snapshot_is_valid(string vector)
    {
        using DamagedFile file = new(vector);
        BoltCheckReport report = BoltCheck.Run(file.Open(), 5, CancellationToken.None);
        Assert.Empty(report.Problems);
        Assert.Equal(file.Open().Meta.HighWaterMark, report.PagesUsed + report.PagesFree);
        Assert.All(
            file.Verify(HashOf(file), CancellationToken.None).Checks,
            check => Assert.Equal(CheckResult.Passed, check.Result));
    }

    [Theory]
    [InlineData(Etcd34, 1, false)]
    [InlineData(Etcd35, 2, false)]
    [InlineData(Etcd35, 3, true)]
    public async Task Damage_to_any_structure_is_detected_or_harmless(string vector, int seed, bool isFreelistStored)
    {
        const int Tries = 30;
        using DamagedFile file = new(vector);
        if (isFreelistStored)
        {
            file.StoreFreelist();
        }

        Trial trial = new(file);
        Random random = new(seed);
        IEnumerable<BoltField> hashed = BoltFields.Of(file.Open()).Where(trial.IsHashed);
        foreach (IGrouping<BoltStructure, BoltField> kind in hashed.GroupBy(field => field.Structure))
        {
            BoltField[] fields = [.. kind];
            int found = 0;
            for (int i = 0; i < Tries; i++)
            {
                BoltField field = fields[random.Next(fields.Length)];
                byte[] damaged = SeededDamage.To(file.Bytes.AsSpan((int)field.Offset, field.Length), random);
                found += await trial.IsDetectedAsync(field, damaged) ? 1 : 0;
            }

            // The key of a branch may have any value between its neighbours.
            Assert.True(found >= (kind.Key == BoltStructure.BranchKey ? 10 : Tries), $"{kind.Key}: {found} of {Tries}");
        }
    }

    /// <summary>
    /// etcd's own hash omits records up to the compaction that were replaced after it. They exist for reads at an old
    /// revision. In them, only damage that cannot be decoded or that is inconsistent is detected.
    /// </summary>
    [Fact]
    public async Task Damage_to_a_record_that_HashKV_omits_is_detected_or_changes_only_that_record()
    {
        using DamagedFile file = new(Etcd35);
        Trial trial = new(file);
        Random random = new(4);
        BoltField[] fields = [.. BoltFields.Of(file.Open()).Where(field => !trial.IsHashed(field))];
        int found = 0;
        for (int i = 0; i < 60; i++)
        {
            BoltField field = fields[random.Next(fields.Length)];
            byte[] damaged = SeededDamage.To(file.Bytes.AsSpan((int)field.Offset, field.Length), random);
            found += await trial.IsDetectedAsync(field, damaged, mayDiffer: bucket => bucket == "key") ? 1 : 0;
        }

        Assert.InRange(found, 20, 59);
    }

    /// <summary>
    /// Without a freelist, unreachable pages look like free ones. Then a page of a bucket other than <c>key</c> can
    /// replace the bucket's root, or an old page a new one, without being detected.
    /// </summary>
    [Theory]
    [InlineData(Etcd34, true)]
    [InlineData(Etcd35, true)]
    [InlineData(Etcd34, false)]
    [InlineData(Etcd35, false)]
    public async Task References_to_parents_other_trees_or_outside_are_detected(string vector, bool isFreelistStored)
    {
        using DamagedFile file = new(vector);
        ulong free = StoredFreelist.FreePages(file.Open())[^1];
        if (isFreelistStored)
        {
            file.StoreFreelist();
        }

        Trial trial = new(file);
        BoltDatabase database = file.Open();
        IReadOnlyList<BoltField> fields = BoltFields.Of(database);
        ulong[] pages =
            [.. fields.Where(field => field.Structure == BoltStructure.Overflow).Select(field => trial.PageOf(field))];
        ulong end = database.Meta.HighWaterMark;
        foreach (BoltField field in fields.Where(field => field.Structure == BoltStructure.BucketRoot)
            .Concat(fields.Where(field => field.Structure == BoltStructure.Child).Take(8)))
        {
            // References to the page itself, to its parents (the pages of a tree are in order from the root down), to
            // other trees, and outside.
            ulong child = BinaryPrimitives.ReadUInt64LittleEndian(file.Bytes.AsSpan((int)field.Offset));
            foreach (ulong wrong in (ulong[])
                [trial.PageOf(field), .. pages.Take(4), .. pages.TakeLast(3), free, 0, 1, end, end + 1, ulong.MaxValue])
            {
                bool isFound = wrong == child
                    || await trial.IsDetectedAsync(
                        field, BitConverter.GetBytes(wrong), bucket => !isFreelistStored && bucket != "key");
                Assert.True(isFound || !isFreelistStored, $"{wrong} at {field.Offset}");
            }
        }
    }

    [Theory]
    [InlineData(Etcd34)]
    [InlineData(Etcd35)]
    public async Task Sizes_that_grow_into_the_zeros_at_a_pages_end_are_detected_in_every_bucket(string vector)
    {
        using DamagedFile file = new(vector);
        Trial trial = new(file);
        IReadOnlyList<BoltField> fields = BoltFields.Of(file.Open());
        HashSet<ulong> ofRevisions = [.. fields.Where(field => field.RevisionOffset > 0).Select(trial.PageOf)];

        // All pages of the other buckets, and to save time only some of the many pages with revisions.
        foreach (IGrouping<ulong, BoltField> page in fields.Where(field => field.Structure == BoltStructure.Leaf)
            .GroupBy(trial.PageOf).Where((page, i) => i % 16 == 0 || !ofRevisions.Contains(page.Key)))
        {
            // The last two fields: the sizes of the last element's key and value.
            foreach (BoltField size in page.TakeLast(2))
            {
                uint grown = BinaryPrimitives.ReadUInt32LittleEndian(file.Bytes.AsSpan((int)size.Offset)) + 1;
                Assert.True(await trial.IsDetectedAsync(size, BitConverter.GetBytes(grown)), $"page {page.Key}");
            }
        }
    }

    [Fact]
    public void Swapped_pages_are_detected()
    {
        using DamagedFile file = new(Etcd35);
        int size = file.Open().PageSizeBytes;
        Random random = new(3);
        long[] pages =
            [.. BoltFields.Of(file.Open()).Select(field => field.Offset / size).Where(id => id > 1).Distinct()];
        for (int i = 0; i < 100; i++)
        {
            long[] pair = random.GetItems(pages, 2);
            file.Write(pair[0] * size, file.Bytes.AsSpan((int)pair[1] * size, size));
            file.Write(pair[1] * size, file.Bytes.AsSpan((int)pair[0] * size, size));
            Assert.Equal(pair[0] != pair[1], file.Problems(CancellationToken.None).Count > 0);
            file.Restore(pair[0] * size, size);
            file.Restore(pair[1] * size, size);
        }
    }

    private static HashKv HashOf(DamagedFile file)
    {
        BoltDatabase database = file.Open();
        long compacted = Compaction.Read(database).Revision;
        HashKvComputation hash = HashKvComputation.Prepare(
            database, long.MaxValue, compacted, Supersession.KeysMax, CancellationToken.None);
        RevisionReader reader = RevisionReader.OpenRequired(database);
        long revision = 0;
        while (reader.MoveNext())
        {
            Assert.True(reader.TryRead(out RevisionEntry entry, out _));
            hash.Add(entry);
            revision = entry.Key.Main;
        }

        return new HashKv { Revision = revision, Hash = hash.Hash, CompactRevision = compacted };
    }

    private static HashSet<Revision> OmittedBy(BoltDatabase database)
    {
        long compacted = Compaction.Read(database).Revision;
        Supersession replaced = Supersession.Find(
            database, compacted, long.MaxValue, Supersession.KeysMax, CancellationToken.None);
        HashSet<Revision> omitted = [];
        RevisionReader reader = RevisionReader.OpenRequired(database);
        while (reader.MoveNext() && reader.TryRead(out RevisionEntry entry, out _) && entry.Key.Main <= compacted)
        {
            if (entry.Key.IsTombstone || replaced.Contains(entry))
            {
                omitted.Add(entry.Key.Revision);
            }
        }

        return omitted;
    }

    /// <summary>Tries damages on a file one by one, each in limited time and memory.</summary>
    private sealed class Trial(DamagedFile file)
    {
        private readonly SortedDictionary<string, string> _sound = file.Content();
        private readonly HashKv _hash = HashOf(file);
        private readonly int _pageSizeBytes = file.Open().PageSizeBytes;

        private readonly HashSet<Revision> _omitted = OmittedBy(file.Open());

        public ulong PageOf(BoltField field) => (ulong)(field.Offset / _pageSizeBytes);

        /// <summary>
        /// Whether HashKV includes the record of a field; true for a field that belongs to no record.
        /// </summary>
        public bool IsHashed(BoltField field) =>
            field.RevisionOffset == 0
            || !(RevisionKey.TryRead(
                    file.Bytes.AsSpan((int)field.RevisionOffset, RevisionKey.SizeBytes), out RevisionKey key)
                && _omitted.Contains(key.Revision));

        /// <summary>Returns whether the damage is detected. If it is not, it must be harmless.</summary>
        /// <param name="field">The damaged field.</param>
        /// <param name="damaged">The new bytes of the field.</param>
        /// <param name="mayDiffer">
        /// The buckets whose content may differ without being detected; none if it is null.
        /// </param>
        public async Task<bool> IsDetectedAsync(BoltField field, byte[] damaged, Func<string, bool>? mayDiffer = null)
        {
            string hex = Convert.ToHexString(damaged.AsSpan(0, Math.Min(24, damaged.Length)));
            string what = $"{field.Structure}: {hex} at {field.Offset}";
            file.Write(field.Offset, damaged);

            // The token cancels code that checks it. The timeout reports code that does not.
            using CancellationTokenSource deadline = new(TestDeadline.Patience);
            (bool isFound, long revisionBytes, long pageBytes) = await Task
                .Run(() => CheckTwice(deadline.Token))
                .WaitAsync(TestDeadline.Patience);
            Assert.True(
                Math.Max(revisionBytes, pageBytes) < AllocatedBytesMax,
                $"{what}: {revisionBytes} and {pageBytes} bytes");
            if (!isFound)
            {
                SortedDictionary<string, string> content = file.Content();
                string[] different =
                    [.. _sound.Except(content).Concat(content.Except(_sound)).Select(bucket => bucket.Key).Distinct()];
                Assert.True(
                    different.All(bucket => mayDiffer?.Invoke(bucket) ?? false),
                    $"{what}: nothing was detected, but there is a difference in {string.Join(", ", different)}");
                Assert.True(file.FindLostKey() is not { } key, $"{what}: a key is lost, but nothing was detected");
            }

            file.Restore(field.Offset, field.Length);
            return isFound;
        }

        /// <summary>
        /// Checks twice, because only the memory of the current thread can be measured and the verifier checks the
        /// pages on another thread.
        /// </summary>
        private (bool IsFound, long RevisionBytes, long PageBytes) CheckTwice(CancellationToken cancellationToken)
        {
            long start = GC.GetAllocatedBytesForCurrentThread();
            bool isFound = !file.Verify(_hash, cancellationToken).IsSound;
            long middle = GC.GetAllocatedBytesForCurrentThread();
            Assert.True(isFound || file.Problems(cancellationToken).Count == 0);
            return (isFound, middle - start, GC.GetAllocatedBytesForCurrentThread() - middle);
        }
    }
}
