using System.Globalization;
using EtcdBackupAgent.Bench.Backups;
using EtcdBackupAgent.Bench.Comparing;
using EtcdBackupAgent.Bench.Performance;
using EtcdBackupAgent.Bench.Running;
using EtcdBackupAgent.Etcd;
using static EtcdBackupAgent.Bench.Comparing.ComparisonTable;

namespace EtcdBackupAgent.Bench.Layers;

/// <summary>
/// The time to read the snapshot stream and discard it, compared with the time of a backup.
/// </summary>
internal sealed class FloorPart : IPart
{
    /// <summary>
    /// etcdctl first writes to another name beside its target, so it cannot use /dev/null. It writes to a file system
    /// in memory.
    /// </summary>
    private static readonly Candidate Etcdctl = new(
        "etcdctl, to a file in memory", "", "etcdctl snapshot save $MEMORY/etcd.db; rm $MEMORY/etcd.db");

    public string Name => "floor";

    public async Task<Section> RunAsync(BenchScene scene, int rounds, CancellationToken cancellationToken)
    {
        FilledEtcd etcd = await scene.EtcdAsync(cancellationToken);
        BenchS3 s3 = await scene.S3Async(cancellationToken);
        EtcdConnection connection = await etcd.ConnectionAsync(cancellationToken);
        CandidateResult[] results =
        [
            new(Etcdctl),
            new(BackupToFilePart.Agent with { Name = "etcd-backup-agent, to a directory" }),
            new(BackupToS3Part.Agent with { Name = "etcd-backup-agent, to S3" }),
        ];
        List<Effort> floor = [];
        DirectoryInfo memory = Directory.CreateDirectory(
            Path.Combine("/dev/shm", $"eba-bench-{Path.GetRandomFileName()}"));
        try
        {
            IReadOnlyDictionary<string, string?> variables = Variables.Of(
                etcd.Variables,
                s3.Variables,
                scene.Keys,
                new Dictionary<string, string?>(StringComparer.Ordinal) { ["MEMORY"] = memory.FullName });
            for (int round = 0; round <= rounds; round++)
            {
                Effort effort = await Effort.OfAsync(
                    () => SnapshotReading.CopyAsync(connection, Stream.Null, cancellationToken));
                if (round > 0)
                {
                    floor.Add(effort);
                }

                foreach (CandidateResult result in results)
                {
                    MeasuredRun run = await scene.Workspace.RunAsync(result.Candidate, variables, cancellationToken);
                    if (round > 0)
                    {
                        result.Runs.Add(run);
                    }
                }
            }
        }
        finally
        {
            memory.Delete(recursive: true);
        }

        return new Section(Table(etcd.DatabaseBytes, rounds, floor, results), []);
    }

    private static string Table(long bytes, int rounds, List<Effort> floor, IReadOnlyList<CandidateResult> results)
    {
        double nearest = Median.Of(floor, effort => effort.WallSeconds);
        IEnumerable<string> rows =
        [
            Row(
                "the agent's client, to nowhere",
                nearest,
                Median.Of(floor, effort => effort.CpuSeconds),
                Median.Of(floor, effort => effort.BusySeconds)),
            .. results.Select(result =>
                Row(result.Candidate.Name, result.WallSeconds, result.CpuSeconds, result.BusySeconds)),
        ];
        return $"""
            The snapshot of {Megabytes(bytes)}; medians of {rounds} rounds after one to warm up, in turn.

            | | wall | CPU | rate | times the floor | CPU of the whole machine | of what its cores could |
            |---|---|---|---|---|---|---|
            {string.Join('\n', rows)}

            {Commands(results.Select(result => result.Candidate))}
            """;

        string Row(string name, double wall, double cpu, double busy) => string.Create(
            CultureInfo.InvariantCulture,
            $"| {name} | {Seconds(wall)} | {Seconds(cpu)} | {bytes / 1e6 / wall:N0} MB/s | {wall / nearest:0.00} "
            + $"| {Seconds(busy)} | {busy / wall / Environment.ProcessorCount:P0} |");
    }
}
