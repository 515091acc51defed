using System.Collections.Concurrent;
using EtcdBackupAgent.Snapshots.Bolt;
using EtcdBackupAgent.Testing;
using EtcdBackupAgent.Testing.Processes;
using EtcdBackupAgent.Tests.Snapshots.Bolt;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.Snapshots;

/// <summary>If stock etcdutl reports a damaged file as bad, so does this check.</summary>
public sealed class StockJudgeTests
{
    private const string Vector = "etcd-3.5.db.zst";
    private const int FilesOfKind = 8;
    private const int AtOnce = 2;

    /// <summary>
    /// A valid file takes a fraction of a second. If etcdutl takes longer than this, it hangs, and the file is bad.
    /// </summary>
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(8);

    private static readonly BoltStructure[] Kinds =
    [
        BoltStructure.Meta, BoltStructure.Branch, BoltStructure.Child, BoltStructure.Leaf, BoltStructure.Overflow,
        BoltStructure.BucketRoot, BoltStructure.InlineBucket, BoltStructure.Freelist,
    ];

    [Fact]
    public async Task Damage_that_etcdutl_reports_is_detected()
    {
        ConcurrentBag<BoltStructure> badToBoth = [];
        IEnumerable<(BoltStructure Kind, int Seed)> files = Kinds.SelectMany(
            kind => Enumerable.Range(0, FilesOfKind).Select(i => (kind, i)));
        ParallelOptions options = new() { MaxDegreeOfParallelism = AtOnce };
        await Parallel.ForEachAsync(files, options, async (damage, cancellationToken) =>
        {
            using DamagedFile file = new(Vector);
            file.StoreFreelist();
            string what = DamageOne(file, damage.Kind, new Random(damage.Seed));
            bool isBadHere = file.Problems(cancellationToken).Count > 0;
            if (await IsBadToStockAsync(file.Path, cancellationToken))
            {
                Assert.True(isBadHere, $"{what}: etcdutl reports it as bad");
                badToBoth.Add(damage.Kind);
            }
        });
        Assert.Empty(Kinds.Except(badToBoth));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_valid_file_is_valid_for_both(bool isFreelistStored)
    {
        using DamagedFile file = new(Vector);
        if (isFreelistStored)
        {
            file.StoreFreelist();
        }

        Assert.False(await IsBadToStockAsync(file.Path, CancellationToken.None));
        Assert.Empty(file.Problems(CancellationToken.None));
    }

    /// <summary>
    /// Damages one field. For a meta, damages the same field of both metas, because one valid meta is enough to read
    /// the file.
    /// </summary>
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

    /// <summary>Returns whether etcdutl reports the file as bad, crashes or hangs.</summary>
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
