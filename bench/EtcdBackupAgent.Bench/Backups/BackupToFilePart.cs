using EtcdBackupAgent.Bench.Comparing;
using EtcdBackupAgent.Bench.Performance;

namespace EtcdBackupAgent.Bench.Backups;

/// <summary>A backup into a directory, next to the stock programs that make the same layers.</summary>
internal sealed class BackupToFilePart : IPart
{
    private const double WallRatioMax = 0.7;

    private static readonly Contender Stock = new(
        "etcdctl, zstd, age",
        "mkdir $TARGET",
        """
        etcdctl snapshot save etcd.db
        zstd -3 -q -c etcd.db | age -r $RECIPIENT -o $TARGET/etcd.db.zst.age
        """);

    public static readonly Contender Agent = new(
        "etcd-backup-agent",
        "etcd-backup-agent init --repository file://$TARGET --recipient $RECIPIENT",
        $"etcd-backup-agent backup --repository file://$TARGET --policy bench \\\n  {FilledEtcd.AgentOptions}");

    public string Name => "backup-file";

    public async Task<Section> RunAsync(BenchScene scene, int rounds, CancellationToken cancellationToken)
    {
        FilledEtcd etcd = await scene.EtcdAsync(cancellationToken);
        Contest contest = new(scene.Workplace, Variables.Of(etcd.Variables, scene.Keys), scene.Output);
        IReadOnlyList<Standing> standings = await contest.RunAsync([Stock, Agent], rounds, cancellationToken);
        return AgainstPeer.Section(
            $"Backup of {ComparisonTable.Megabytes(etcd.DatabaseBytes)} into a directory, compressed and encrypted",
            rounds,
            standings,
            [AgainstPeer.Wall(standings, WallRatioMax)]);
    }
}
