using EtcdBackupAgent.Bench.Backups;
using EtcdBackupAgent.Bench.Comparing;
using EtcdBackupAgent.Bench.Performance;

namespace EtcdBackupAgent.Bench.Restores;

/// <summary>A restore from S3 to a data directory, compared with restic and etcdutl.</summary>
internal sealed class RestorePart : IPart
{
    private const double WallRatioMax = 0.7;
    private const double MemoryRatioMax = 0.2;

    private static readonly Candidate Peer = new(
        "restic, etcdutl",
        "",
        """
        restic --cacert $S3_CA --repo s3:$S3/$RESTIC_BUCKET --quiet restore latest --target .
        etcdutl snapshot restore etcd.db --data-dir $TARGET
        """);

    private static readonly Candidate WithPassphrase = Agent(
        "etcd-backup-agent, key by passphrase", "$PASSPHRASE_BUCKET", "--passphrase-file $PASSWORD");

    private static readonly Candidate WithIdentity = Agent(
        "etcd-backup-agent", "$AGENT_BUCKET", "--identity-file $IDENTITY");

    public string Name => "restore";

    /// <remarks>1. Create the backups. 2. Restore them in turn.</remarks>
    public async Task<Section> RunAsync(BenchScene scene, int rounds, CancellationToken cancellationToken)
    {
        // 1
        FilledEtcd etcd = await scene.EtcdAsync(cancellationToken);
        BenchS3 s3 = await scene.S3Async(cancellationToken);
        IReadOnlyDictionary<string, string?> variables = Variables.Of(
            etcd.Variables,
            s3.Variables,
            scene.Keys,
            new Dictionary<string, string?>(StringComparer.Ordinal)
            {
                ["RESTIC_BUCKET"] = "bench-restore-restic",
                ["AGENT_BUCKET"] = "bench-restore-identity",
                ["PASSPHRASE_BUCKET"] = "bench-restore-passphrase",
            });
        Candidate agent = BackupToS3Part.Agent;
        string[] backups =
        [
            $"BUCKET=$RESTIC_BUCKET\n{BackupToS3Part.Kubedr.Setup}\n{BackupToS3Part.Kubedr.Text}",
            $"BUCKET=$AGENT_BUCKET\n{agent.Setup}\n{agent.Text}",
            $"BUCKET=$PASSPHRASE_BUCKET\n{BackupToS3Part.InitWithPassphrase}\n{agent.Text}",
        ];
        foreach (string backup in backups)
        {
            await scene.Workspace.RunAsync(backup, variables, cancellationToken);
        }

        // 2
        IReadOnlyList<CandidateResult> results = await new Comparison(scene.Workspace, variables, scene.Output)
            .RunAsync([Peer, WithPassphrase, WithIdentity], rounds, cancellationToken);
        return AgainstPeer.Section(
            $"Restore of {ComparisonTable.Megabytes(etcd.DatabaseBytes)} from S3 to a data directory",
            rounds,
            results,
            [AgainstPeer.Wall(results, WallRatioMax), AgainstPeer.Memory(results, MemoryRatioMax)]);
    }

    private static Candidate Agent(string name, string bucket, string key) => new(
        name,
        "",
        $"etcd-backup-agent restore latest --repository s3://{bucket} {BenchS3.AgentOptions} \\\n"
        + $"  {key} --data-dir $TARGET");
}
