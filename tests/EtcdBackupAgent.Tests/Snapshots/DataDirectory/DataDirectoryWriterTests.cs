using System.Buffers.Binary;
using EtcdBackupAgent.Snapshots;
using EtcdBackupAgent.Snapshots.DataDirectory;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Tests.Snapshots.Bolt;
using Xunit;

namespace EtcdBackupAgent.Tests.Snapshots.DataDirectory;

public sealed class DataDirectoryWriterTests
{
    private static readonly RestorePlan Plan = new()
    {
        Name = "n1",
        Cluster = InitialCluster.Parse("n1=http://a:1"),
        Token = "restored",
        AdvertisePeerUrls = ["http://a:1"],
    };

    private static readonly WrittenBucket NoMeta = new("meta", 0, []);

    [Theory]
    [InlineData(5, null, null, 5)]
    [InlineData(5, 3L, 4L, 5)]
    [InlineData(5, 9L, null, 9)]
    [InlineData(5, 9L, 12L, 12)]
    [InlineData(null, null, null, 0)]
    public void The_revision_is_the_highest_record_but_never_below_a_compaction(
        int? last, long? scheduled, long? finished, long expected)
    {
        List<(byte[], byte[])> meta = [];
        if (finished is { } done)
        {
            meta.Add(("finishedCompactRev"u8.ToArray(), Revision(done)));
        }

        if (scheduled is { } begun)
        {
            meta.Add(("scheduledCompactRev"u8.ToArray(), Revision(begun)));
        }

        WrittenBucket key = new("key", 0, last is { } main ? [(Revision(main), [1])] : []);

        RestoreSummary summary = Write([key, new("meta", 0, meta)], Plan with { RevisionBump = 1000 }, out _);

        Assert.Equal(expected, summary.RevisionBefore);
        Assert.Equal(expected + 1000, summary.RevisionAfter);
    }

    [Fact]
    public void Unknown_buckets_are_copied_unchanged()
    {
        WrittenBucket unknown = new("from the future", 3, [([0], [1, 2, 3]), ([7, 7], new byte[100_000])]);

        Write([new("key", 0, []), NoMeta, unknown], Plan, out IReadOnlyList<WrittenBucket> written);

        Assert.Contains(unknown, written);
        Assert.Equal(
            ["from the future", "key", "members", "members_removed", "meta"], written.Select(bucket => bucket.Name));
    }

    [Fact]
    public void The_old_members_of_a_cluster_are_replaced_by_the_new()
    {
        WrittenBucket old = new(
            "members", 0, [("1"u8.ToArray(), "{}"u8.ToArray()), ("2"u8.ToArray(), "{}"u8.ToArray())]);
        WrittenBucket removed = new("members_removed", 0, [("3"u8.ToArray(), "removed"u8.ToArray())]);

        RestoreSummary summary =
            Write([new("key", 0, []), NoMeta, old, removed], Plan, out IReadOnlyList<WrittenBucket> written);

        Assert.Equal(2, summary.MembersReplaced);
        (byte[] key, _) = Assert.Single(written.Single(bucket => bucket.Name == "members").Elements);
        Assert.Equal($"{summary.MemberId:x}", System.Text.Encoding.ASCII.GetString(key));
        Assert.Empty(written.Single(bucket => bucket.Name == "members_removed").Elements);
    }

    [Theory]
    [InlineData("members", "which is that of a member of the snapshot's own cluster.")]
    [InlineData("members_removed", "which was that of a member of the snapshot's own cluster.")]
    public void An_id_that_the_cluster_of_the_snapshot_used_is_never_reused(string bucket, string message)
    {
        string id = $"{Plan.Ids().MemberIds.Single():x}";
        WrittenBucket old = new(bucket, 0, [(System.Text.Encoding.ASCII.GetBytes(id), "{}"u8.ToArray())]);

        OldMemberException e = Assert.Throws<OldMemberException>(
            () => Write([new("key", 0, []), old, NoMeta], Plan, out _));

        Assert.Equal($"'n1' would have the id {id}, {message}", e.Message);
        Write([new("key", 0, []), old, NoMeta], Plan with { Token = "another" }, out _);
    }

    [Fact]
    public void The_log_is_the_same_in_another_directory()
    {
        using TestDirectory directory = new();
        using WrittenDatabase source = new(4096, [new("key", 0, []), NoMeta]);

        DataDirectoryWriter.Write(
            source.Handle, source.SizeBytes, directory.Create("one"), null, Plan, null, CancellationToken.None);
        DataDirectoryWriter.Write(
            source.Handle,
            source.SizeBytes,
            directory.Create("two"),
            directory["log"],
            Plan,
            null,
            CancellationToken.None);

        string name = DataDirectoryWriter.WalFileName;
        Assert.Equal([directory[$"log/{name}"]], Directory.GetFileSystemEntries(directory["log"]));
        Assert.False(Directory.Exists(directory["two/member/wal"]));
        Assert.True(File.ReadAllBytes(directory[$"one/member/wal/{name}"]).AsSpan()
            .SequenceEqual(File.ReadAllBytes(directory[$"log/{name}"])));
    }

    [Theory]
    [InlineData("key", "The bucket 'key' does not exist")]
    [InlineData("meta", "The bucket 'meta' does not exist")]
    public void A_database_without_etcd_s_buckets_is_refused(string missing, string message)
    {
        WrittenBucket[] buckets = [new("key", 0, []), NoMeta];

        SnapshotDamagedException e = Assert.Throws<SnapshotDamagedException>(
            () => Write([.. buckets.Where(bucket => bucket.Name != missing)], Plan, out _));

        Assert.StartsWith(message, e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("00000000000000055f000000000000000100")]
    [InlineData("000000000000000500000000000000000001")]
    [InlineData("f0000000000000055f0000000000000001")]
    [InlineData("07")]
    public void A_key_that_is_not_a_revision_is_refused(string hex)
    {
        WrittenBucket key = new("key", 0, [(Convert.FromHexString(hex), [])]);

        Assert.Throws<SnapshotDamagedException>(() => Write([key, NoMeta], Plan, out _));
    }

    [Fact]
    public void A_revision_that_cannot_be_raised_is_reported_with_both_numbers()
    {
        WrittenBucket key = new("key", 0, [(Revision(long.MaxValue - 1), [])]);

        SnapshotDamagedException e = Assert.Throws<SnapshotDamagedException>(
            () => Write([key, NoMeta], Plan with { RevisionBump = 2 }, out _));

        Assert.Equal("Revision 9223372036854775806 cannot be raised by 2.", e.Message);
    }

    [Theory]
    [InlineData("08071001", "NOSPACE", false)]
    [InlineData("08ffffffffffffffffff011002", "CORRUPT", true)]
    [InlineData("08071009", "9", true)]
    public void An_alarm_is_read_and_kept_or_cleared(string hex, string kind, bool kept)
    {
        byte[] element = Convert.FromHexString(hex);

        RestoreSummary summary = Write(
            [new("alarm", 0, [(element, [])]), new("key", 0, []), NoMeta],
            Plan,
            out IReadOnlyList<WrittenBucket> written);

        RestoredAlarm alarm = Assert.Single(summary.Alarms);
        Assert.Equal((kind, kept), (alarm.Kind, alarm.Kept));
        Assert.Equal(kept ? 1 : 0, written.Single(bucket => bucket.Name == "alarm").Elements.Count);
    }

    [Theory]
    [InlineData("0a0107")]
    [InlineData("08ff")]
    [InlineData("08ffffffffffffffffffff01")]
    public void An_alarm_that_etcd_cannot_read_is_refused(string hex) =>
        Assert.Throws<SnapshotDamagedException>(() => Write(
            [new("alarm", 0, [(Convert.FromHexString(hex), [])]), new("key", 0, []), NoMeta], Plan, out _));

    [Fact]
    public void An_invalid_plan_leaves_the_directory_empty()
    {
        using TestDirectory directory = new();
        using WrittenDatabase source = new(4096, [new("key", 0, []), NoMeta]);

        Assert.Throws<ArgumentException>(() => DataDirectoryWriter.Write(
            source.Handle,
            source.SizeBytes,
            directory.Path,
            null,
            Plan with { Name = "n2" },
            null,
            CancellationToken.None));

        Assert.Empty(Directory.GetFileSystemEntries(directory.Path));
    }

    [Fact]
    public void Writing_reports_progress_and_can_be_cancelled()
    {
        using TestDirectory directory = new();
        using CancellationTokenSource cancellation = new();
        List<long> reported = [];
        WrittenBucket large = new(
            "large", 0, [.. Enumerable.Range(1, 200).Select(i => (Revision(i), new byte[100_000]))]);
        using WrittenDatabase source = new(4096, [new("key", 0, []), NoMeta, large]);
        Progress progress = new(bytes =>
        {
            reported.Add(bytes);
            if (reported.Count == 3)
            {
                cancellation.Cancel();
            }
        });

        Assert.Throws<OperationCanceledException>(() => DataDirectoryWriter.Write(
            source.Handle, source.SizeBytes, directory.Path, null, Plan, progress, cancellation.Token));

        Assert.Equal(3, reported.Count);
        Assert.All(reported.Zip(reported.Skip(1)), pair => Assert.True(pair.First < pair.Second));
        Assert.InRange(reported[^1], 1, source.SizeBytes);
    }

    private static RestoreSummary Write(
        IReadOnlyList<WrittenBucket> buckets, RestorePlan plan, out IReadOnlyList<WrittenBucket> written)
    {
        using TestDirectory directory = new();
        using WrittenDatabase source = new(4096, buckets);
        RestoreSummary summary = DataDirectoryWriter.Write(
            source.Handle, source.SizeBytes, directory.Path, null, plan, null, CancellationToken.None);
        written = WrittenDatabase.ReadFile(directory["member/snap/db"]);
        return summary;
    }

    private static byte[] Revision(long main)
    {
        byte[] bytes = new byte[17];
        BinaryPrimitives.WriteInt64BigEndian(bytes, main);
        bytes[8] = (byte)'_';
        return bytes;
    }

    private sealed class Progress(Action<long> report) : IProgress<long>
    {
        public void Report(long value) => report(value);
    }
}
