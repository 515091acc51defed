using EtcdBackupAgent.Bench.Comparing;
using EtcdBackupAgent.Bench.Performance;

namespace EtcdBackupAgent.Bench.Backups;

/// <summary>
/// A first full backup to S3, compressed and encrypted, compared with the way of kubedr: a temporary file, and restic.
/// </summary>
internal sealed class BackupToS3Part : IPart
{
    private const double WallRatioMax = 0.5;

    private static readonly string Init = $"etcd-backup-agent init --repository s3://$BUCKET {BenchS3.AgentOptions}";

    /// <summary>
    /// Creates the repository of <see cref="Agent"/> with a passphrase instead of a recipient.
    /// </summary>
    public static readonly string InitWithPassphrase = $"{Init} --passphrase-file $PASSWORD";

    public static readonly Candidate Kubedr = new(
        "kubedr's path",
        "restic --cacert $S3_CA --repo s3:$S3/$BUCKET --quiet init",
        """
        etcdctl snapshot save etcd.db
        restic --cacert $S3_CA --repo s3:$S3/$BUCKET --quiet backup etcd.db
        """);

    public static readonly Candidate Agent = new(
        "etcd-backup-agent",
        $"{Init} --recipient $RECIPIENT",
        $"etcd-backup-agent backup --repository s3://$BUCKET {BenchS3.AgentOptions} \\\n"
        + $"  --policy bench {FilledEtcd.AgentOptions}");

    public string Name => "backup-s3";

    public async Task<Section> RunAsync(BenchScene scene, int rounds, CancellationToken cancellationToken)
    {
        FilledEtcd etcd = await scene.EtcdAsync(cancellationToken);
        BenchS3 s3 = await scene.S3Async(cancellationToken);
        Comparison comparison = new(
            scene.Workspace, Variables.Of(etcd.Variables, s3.Variables, scene.Keys), scene.Output);
        IReadOnlyList<CandidateResult> results = await comparison.RunAsync([Kubedr, Agent], rounds, cancellationToken);
        return AgainstPeer.Section(
            $"First full backup of {ComparisonTable.Megabytes(etcd.DatabaseBytes)} to S3, compressed and encrypted",
            rounds,
            results,
            [AgainstPeer.Wall(results, WallRatioMax)]);
    }
}
