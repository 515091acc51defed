using EtcdBackupAgent.Bench.Comparing;
using EtcdBackupAgent.Bench.Performance;

namespace EtcdBackupAgent.Bench.Backups;

/// <summary>
/// A first full backup to S3, compressed and encrypted, next to what kubedr did: a temporary file, and restic.
/// </summary>
internal sealed class BackupToS3Part : IPart
{
    private const double WallRatioMax = 0.5;

    private static readonly string Init = $"etcd-backup-agent init --repository s3://$BUCKET {BenchS3.AgentOptions}";

    /// <summary>
    /// The same repository as <see cref="Agent"/>'s, for one who has a passphrase in place of an identity.
    /// </summary>
    public static readonly string InitWithPassphrase = $"{Init} --passphrase-file $PASSWORD";

    public static readonly Contender Kubedr = new(
        "kubedr's path",
        "restic --cacert $S3_CA --repo s3:$S3/$BUCKET --quiet init",
        """
        etcdctl snapshot save etcd.db
        restic --cacert $S3_CA --repo s3:$S3/$BUCKET --quiet backup etcd.db
        """);

    public static readonly Contender Agent = new(
        "etcd-backup-agent",
        $"{Init} --recipient $RECIPIENT",
        $"etcd-backup-agent backup --repository s3://$BUCKET {BenchS3.AgentOptions} \\\n"
        + $"  --policy bench {FilledEtcd.AgentOptions}");

    public string Name => "backup-s3";

    public async Task<Section> RunAsync(BenchScene scene, int rounds, CancellationToken cancellationToken)
    {
        FilledEtcd etcd = await scene.EtcdAsync(cancellationToken);
        BenchS3 s3 = await scene.S3Async(cancellationToken);
        Contest contest = new(
            scene.Workplace, Variables.Of(etcd.Variables, s3.Variables, scene.Keys), scene.Output);
        IReadOnlyList<Standing> standings = await contest.RunAsync([Kubedr, Agent], rounds, cancellationToken);
        return AgainstPeer.Section(
            $"First full backup of {ComparisonTable.Megabytes(etcd.DatabaseBytes)} to S3, compressed and encrypted",
            rounds,
            standings,
            [AgainstPeer.Wall(standings, WallRatioMax)]);
    }
}
