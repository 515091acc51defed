using System.Security.Cryptography;
using EtcdBackupAgent.Snapshots;
using EtcdBackupAgent.Snapshots.Changes;
using EtcdBackupAgent.Tests.Snapshots.Bolt;
using Xunit;

namespace EtcdBackupAgent.Tests.Snapshots.Changes;

/// <summary>
/// Damaged changes are refused. They never allocate more than they are long, and never give other data.
/// </summary>
public sealed class ChangesDamageTests
{
    private const int DigestBytes = 32;

    /// <summary>The bytes that name the base, which is compared at once.</summary>
    private const int HeaderBytesMax = 60;

    /// <summary>The bytes that are damaged between the first and the last ones, which are all damaged.</summary>
    private const int BytesTried = 1000;
    private const int FirstBytes = 150;

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    public async Task A_change_of_any_byte_is_refused(int seed)
    {
        using ChangeHistory history = new(seed, changesMax: 20);
        (byte[] changes, _) = await history.WriteChangesAsync();
        int step = 1 + (changes.Length / BytesTried);
        for (int i = 0; i < changes.Length; i += i < FirstBytes || i > changes.Length - FirstBytes ? 1 : step)
        {
            byte bit = (byte)(1 << (i % 8));
            changes[i] ^= bit;
            Exception? e = await FindProblemAsync(history, changes);
            Assert.True(
                e is SnapshotDamagedException || (e is BaseMismatchException && i < HeaderBytesMax),
                $"byte {i} of {changes.Length}: {e}");
            changes[i] ^= bit;
        }

        Assert.Null(await FindProblemAsync(history, changes));
    }

    [Fact]
    public async Task Changes_that_end_early_are_refused()
    {
        using ChangeHistory history = new(seed: 5, changesMax: 20);
        (byte[] changes, _) = await history.WriteChangesAsync();
        int step = 1 + (changes.Length / BytesTried);
        for (int length = 0; length < changes.Length; length += step)
        {
            Exception? e = await FindProblemAsync(history, changes[..length]);
            Assert.True(e is SnapshotDamagedException, $"{length} of {changes.Length}: {e}");
        }

        Assert.IsType<SnapshotDamagedException>(await FindProblemAsync(history, changes[..^1]));
        Assert.IsType<SnapshotDamagedException>(await FindProblemAsync(history, [.. changes, 0]));
    }

    [Fact]
    public async Task Damage_with_a_correct_digest_never_gives_other_data()
    {
        (int refused, int accepted) = (0, 0);
        for (int seed = 0; seed < 12; seed++)
        {
            using ChangeHistory history = new(seed, changesMax: 20);
            (byte[] changes, ChangesSummary summary) = await history.WriteChangesAsync();
            Random random = new(seed);
            for (int i = 0; i < 200; i++)
            {
                byte[] damaged = Damage(changes, random);
                if (await FindProblemAsync(history, damaged) is not null)
                {
                    refused++;
                    continue;
                }

                Assert.True((await CheckAsync(history, damaged)).Content == summary.Content, $"seed {seed}, {i}");
                accepted++;
            }
        }

        Assert.True(refused > 50 * accepted, $"{refused} refused, {accepted} accepted");
    }

    [Fact]
    public async Task Random_bytes_are_refused()
    {
        using ChangeHistory history = new(seed: 1, changesMax: 20);
        Random random = new(1);
        for (int i = 0; i < 2000; i++)
        {
            byte[] bytes = new byte[random.Next(200)];
            random.NextBytes(bytes);
            ChangesFormat.Magic.CopyTo(bytes.Length >= ChangesFormat.Magic.Length ? bytes : new byte[8]);

            Assert.IsType<SnapshotDamagedException>(await FindProblemAsync(history, bytes));
        }
    }

    [Theory]
    [InlineData("e0ffff3f", "00")]
    [InlineData("01 6b dfffff3f", "76")]
    public async Task A_length_allocates_nothing_before_its_bytes_arrive(string head, string rest)
    {
        using WrittenDatabase file = Databases.OfRevisions([2]);
        byte[] bytes = [.. Header(buckets: 1), .. Hex("01 61 00"), .. Hex(head), .. Hex(rest)];
        long before = GC.GetAllocatedBytesForCurrentThread();

        SnapshotDamagedException e = await Assert.ThrowsAsync<SnapshotDamagedException>(() => CheckAsync(file, bytes));

        Assert.Contains("bucket 1 of 1", e.Message, StringComparison.Ordinal);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 500_000);
    }

    [Theory]
    [InlineData("e1ffff3f", "the length of a key is 134217697, more than the limit of 134217696")]
    [InlineData("01 6b e0ffff3f", "the length of a value is 134217696, more than the limit of 134217695")]
    [InlineData("01 6b 00 01 6b 00 00", "a key is not above the previous one")]
    [InlineData("01 6b 00 01 6a 00 00", "a key is not above the previous one")]
    [InlineData("ffffffffffffffffff7f", "a number has more than 64 bits")]
    [InlineData("8100", "a number has more bytes than it needs")]
    public async Task Elements_are_checked(string elements, string expected) =>
        await AssertDamagedAsync([.. Header(buckets: 1), .. Hex("01 61 00"), .. Hex(elements)], expected);

    [Theory]
    [InlineData("00 00", "its name is empty, or 'key', or not above the previous one")]
    [InlineData("03 6b6579 00 00", "its name is empty, or 'key', or not above the previous one")]
    [InlineData("01 61 00 00 01 61 00 00", "bucket 2 of 2: its name is empty, or 'key', or not above the previous")]
    [InlineData("818002", "the length of the name is 32769, more than the limit of 32768")]
    public async Task Names_of_buckets_are_checked(string buckets, string expected) =>
        await AssertDamagedAsync([.. Header(buckets: 2), .. Hex(buckets)], expected);

    [Theory]
    [InlineData("1d 00", "revision 7 is kept, but R0 is 4")]
    [InlineData("00 09 00 00", "revision 2 is new, but R0 is 4")]
    [InlineData("0b 00", "a sub revision is given that is the expected one")]
    [InlineData("03 ffffffffffffffffff01", "a sub revision has more than 63 bits")]
    [InlineData("0b 05 03 04 00", "revision 2.4 is not above the previous one, 2.5")]
    [InlineData("0b 05 04 05 00", "revision 2.5 occurs twice")]
    [InlineData("fdffffffffffffffff01", "a revision is 4611686018427387903 above the previous one")]
    [InlineData("05 00 00 02 00", "there are 1 kept and 0 new records, but 2 and 0 were written")]
    [InlineData("05 00 00 01 01", "there are 1 kept and 0 new records, but 1 and 1 were written")]
    public async Task Entries_and_counts_are_checked(string records, string expected) =>
        await AssertDamagedAsync([.. Header(buckets: 0), .. Hex(records), .. new byte[64]], expected);

    [Theory]
    [InlineData("6574636463686732", "they do not begin with the signature of the format")]
    [InlineData("6574636463686731 00", "the ID of the base is not printable ASCII")]
    [InlineData("6574636463686731 01 07", "the ID of the base is not printable ASCII")]
    [InlineData("6574636463686731 41", "the length of the base's ID is 65, more than the limit of 64")]
    public async Task The_header_is_checked(string header, string expected) =>
        await AssertDamagedAsync([.. Hex(header), .. new byte[100]], expected);

    [Theory]
    [InlineData("80808080808080808001", "the base's revision is 9223372036854775808")]
    [InlineData("04 8018", "the page size is 3072, which is not a power of two")]
    [InlineData("04 8004", "the page size is 512, which is not a power of two")]
    [InlineData("04 80808010", "the page size is 33554432, more than the limit of 16777216")]
    [InlineData("04 8020 00 e907", "the number of buckets is 1001, more than the limit of 1000")]
    public async Task Numbers_of_the_header_are_checked(string numbers, string expected) =>
        await AssertDamagedAsync([.. Header(buckets: 0)[..49], .. Hex(numbers), .. new byte[20]], expected);

    private static byte[] Damage(byte[] changes, Random random)
    {
        List<byte> bytes = [.. changes[..^DigestBytes]];
        for (int i = 1 + random.Next(3); i > 0; i--)
        {
            int at = random.Next(bytes.Count);
            int length = Math.Min(random.Next(1, 9), bytes.Count - at);
            byte[] damaged = random.Next(4) switch
            {
                0 => [],
                1 => [.. bytes.GetRange(at, length), .. bytes.GetRange(at, length)],
                _ => SeededDamage.To([.. bytes.GetRange(at, length)], random),
            };
            bytes.RemoveRange(at, length);
            bytes.InsertRange(at, damaged);
        }

        return [.. bytes, .. SHA256.HashData([.. bytes])];
    }

    /// <summary>Returns why a merge is refused, or null if it is not.</summary>
    private static async Task<Exception?> FindProblemAsync(ChangeHistory history, byte[] changes)
    {
        try
        {
            await CheckAsync(history, changes);
            return null;
        }
        catch (Exception e) when (e is SnapshotDamagedException or BaseMismatchException)
        {
            return e;
        }
    }

    private static async Task<MergeSummary> CheckAsync(ChangeHistory history, byte[] changes)
    {
        using MemoryStream stream = new(changes);
        return await history.OpenBase().CheckAsync(stream, CancellationToken.None);
    }

    private static async Task AssertDamagedAsync(byte[] bytes, string expected)
    {
        using WrittenDatabase file = Databases.Of([Databases.Put(1), Databases.Put(2), Databases.Put(2, sub: 5)]);

        SnapshotDamagedException e = await Assert.ThrowsAsync<SnapshotDamagedException>(() => CheckAsync(file, bytes));

        Assert.Contains(expected, e.Message, StringComparison.Ordinal);
    }

    private static async Task CheckAsync(WrittenDatabase @base, byte[] changes)
    {
        using MemoryStream stream = new(changes);
        await ChangesMerge.Open(@base.Pages, @base.SizeBytes, Databases.Identity(r0: 4))
            .CheckAsync(stream, CancellationToken.None);
    }

    private static byte[] Header(byte buckets) =>
        [.. "etcdchg1"u8, 8, .. "3f2a9c10"u8, .. Enumerable.Repeat((byte)0x11, DigestBytes), 4, 0x80, 0x20, 0, buckets];

    private static byte[] Hex(string text) => Convert.FromHexString(text.Replace(" ", "", StringComparison.Ordinal));
}
