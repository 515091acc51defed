using System.Collections.Concurrent;
using EtcdBackupAgent.Snapshots.Bolt;
using EtcdBackupAgent.Testing;
using EtcdBackupAgent.Testing.Processes;
using EtcdBackupAgent.Tests.Snapshots.Bolt;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.Snapshots;

/// <summary>Where the stock etcdutl calls a damaged file bad, so does the check here.</summary>
public sealed class StockJudgeTests
{
    private const string Vector = "etcd-3.5.db.zst";
    private const int FilesOfKind = 8;
    private const int AtOnce = 2;

    /// <summary>A sound file takes a fraction of a second. What takes longer than this hangs, and is bad.</summary>
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(8);

    private static readonly BoltStructure[] Kinds =
    [
        BoltStructure.Meta, BoltStructure.Branch, BoltStructure.Child, BoltStructure.Leaf, BoltStructure.Overflow,
        BoltStructure.BucketRoot, BoltStructure.InlineBucket, BoltStructure.Freelist,
    ];

    [Fact]
    public async Task What_etcdutl_calls_bad_is_found_here()
    {
        ConcurrentBag<BoltStructure> badToBoth = [];
        IEnumerable<(BoltStructure Kind, int Seed)> files = Kinds.SelectMany(kind => Enumerable.Range(0, FilesOfKind).Select(i => (kind, i)));
        await Parallel.ForEachAsync(files, new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (damage, cancellationToken) =>
        {
            using DamagedFile file = new(Vector);
            file.StoreFreelist();
            string what = DamageOne(file, damage.Kind, new Random(damage.Seed));
            bool isBadHere = file.Problems(cancellationToken).Count > 0;
            if (await IsBadToStockAsync(file.Path, cancellationToken))
            {
                Assert.True(isBadHere, $"{what}: etcdutl calls it bad");
                badToBoth.Add(damage.Kind);
            }
        });
        Assert.Empty(Kinds.Except(badToBoth));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_sound_file_is_sound_to_both(bool isFreelistStored)
    {
        using DamagedFile file = new(Vector);
        if (isFreelistStored)
        {
            file.StoreFreelist();
        }

        Assert.False(await IsBadToStockAsync(file.Path, CancellationToken.None));
        Assert.Empty(file.Problems(CancellationToken.None));
    }

    /// <summary>Damages one field; of a meta the same field of both, since one alone is enough to read the file.</summary>
    private static string DamageOne(DamagedFile file, BoltStructure kind, Random random)
    {
        BoltDatabase database = file.Open();
        BoltField[] fields = [.. BoltFields.Of(database).Where(field => field.Structure == kind)];
        BoltField field = fields[random.Next(kind == BoltStructure.Meta ? fields.Length / 2 : fields.Length)];
        byte[] damaged = SeededDamage.To(file.Bytes.AsSpan((int)field.Offset, field.Length), random);
        file.Write(field.Offset, damaged);
        if (kind == BoltStructure.Meta)
        {
            file.Write(field.Offset + database.PageSizeBytes, damaged);
        }

        return $"{kind}: {Convert.ToHexString(damaged)} at {field.Offset}";
    }

    /// <summary>It says so, crashes or hangs.</summary>
    private static async Task<bool> IsBadToStockAsync(string path, CancellationToken cancellationToken)
    {
        using CancellationTokenSource deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(Deadline);
        try
        {
            ToolResult status = await Tool.RunAsync(
                Peers.Etcd35.Etcdutl, ["snapshot", "status", path], cancellationToken: deadline.Token);
            return status.ExitCode != 0;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return true;
        }
    }
}
