using System.Globalization;
using EtcdBackupAgent.Bench.Backups;
using EtcdBackupAgent.Bench.Comparing;
using EtcdBackupAgent.Bench.Performance;
using EtcdBackupAgent.Bench.Running;
using EtcdBackupAgent.Etcd;
using static EtcdBackupAgent.Bench.Comparing.ComparisonTable;

namespace EtcdBackupAgent.Bench.Layers;

/// <summary>
/// How long it takes to read the snapshot stream and do nothing with it, and how far from that a backup is.
/// </summary>
internal sealed class FloorPart : IPart
{
    /// <summary>
    /// etcdctl writes beside its target under another name, so /dev/null is none for it: a file system in memory is.
    /// </summary>
    private static readonly Contender Etcdctl = new(
        "etcdctl, to a file in memory", "", "etcdctl snapshot save $MEMORY/etcd.db; rm $MEMORY/etcd.db");

    public string Name => "floor";

    public async Task<Section> RunAsync(BenchScene scene, int rounds, CancellationToken cancellationToken)
    {
        FilledEtcd etcd = await scene.EtcdAsync(cancellationToken);
        BenchS3 s3 = await scene.S3Async(cancellationToken);
        EtcdConnection connection = await etcd.ConnectionAsync(cancellationToken);
        Standing[] standings =
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

                foreach (Standing standing in standings)
                {
                    MeasuredRun run = await scene.Workplace.RunAsync(standing.Contender, variables, cancellationToken);
                    if (round > 0)
                    {
                        standing.Runs.Add(run);
                    }
                }
            }
        }
        finally
        {
            memory.Delete(recursive: true);
        }

        return new Section(Table(etcd.DatabaseBytes, rounds, floor, standings), []);
    }

    private static string Table(long bytes, int rounds, List<Effort> floor, IReadOnlyList<Standing> standings)
    {
        double nearest = Median.Of(floor, effort => effort.WallSeconds);
        IEnumerable<string> rows =
        [
            Row(
                "the agent's client, to nowhere",
                nearest,
                Median.Of(floor, effort => effort.CpuSeconds),
                Median.Of(floor, effort => effort.BusySeconds)),
            .. standings.Select(standing =>
                Row(standing.Contender.Name, standing.WallSeconds, standing.CpuSeconds, standing.BusySeconds)),
        ];
        return $"""
            The snapshot of {Megabytes(bytes)}; medians of {rounds} rounds after one to warm up, in turn.

            | | wall | CPU | rate | times the floor | CPU of the whole machine | of what its cores could |
            |---|---|---|---|---|---|---|
            {string.Join('\n', rows)}

            {Commands(standings.Select(standing => standing.Contender))}
            """;

        string Row(string name, double wall, double cpu, double busy) => string.Create(
            CultureInfo.InvariantCulture,
            $"| {name} | {Seconds(wall)} | {Seconds(cpu)} | {bytes / 1e6 / wall:N0} MB/s | {wall / nearest:0.00} "
            + $"| {Seconds(busy)} | {busy / wall / Environment.ProcessorCount:P0} |");
    }
}
