using EtcdBackupAgent.Bench.Comparing;
using EtcdBackupAgent.Bench.Performance;

namespace EtcdBackupAgent.Bench.Backups;

/// <summary>A backup into a directory, compared with stock programs that produce the same layers.</summary>
internal sealed class BackupToFilePart : IPart
{
    private const double WallRatioMax = 0.7;

    private static readonly Candidate Stock = new(
        "etcdctl, zstd, age",
        "mkdir $TARGET",
        """
        etcdctl snapshot save etcd.db
        zstd -3 -q -c etcd.db | age -r $RECIPIENT -o $TARGET/etcd.db.zst.age
        """);

    public static readonly Candidate Agent = new(
        "etcd-backup-agent",
        "etcd-backup-agent init --repository file://$TARGET --recipient $RECIPIENT",
        $"etcd-backup-agent backup --repository file://$TARGET --policy bench \\\n  {FilledEtcd.AgentOptions}");

    public string Name => "backup-file";

    public async Task<Section> RunAsync(BenchScene scene, int rounds, CancellationToken cancellationToken)
    {
        FilledEtcd etcd = await scene.EtcdAsync(cancellationToken);
        Comparison comparison = new(scene.Workspace, Variables.Of(etcd.Variables, scene.Keys), scene.Output);
        IReadOnlyList<CandidateResult> results = await comparison.RunAsync([Stock, Agent], rounds, cancellationToken);
        return AgainstPeer.Section(
            $"Backup of {ComparisonTable.Megabytes(etcd.DatabaseBytes)} into a directory, compressed and encrypted",
            rounds,
            results,
            [AgainstPeer.Wall(results, WallRatioMax)]);
    }
}
