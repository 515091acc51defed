using System.Globalization;
using System.Text;
using EtcdBackupAgent.Bench.Comparing;
using EtcdBackupAgent.Bench.Performance;
using EtcdBackupAgent.Testing.Directories;
using static EtcdBackupAgent.Bench.Comparing.ComparisonTable;

namespace EtcdBackupAgent.Bench.Backups;

/// <summary>The growth of a backup to S3 with the database, compared with kubedr's path.</summary>
internal sealed class SizePart : IPart
{
    private static readonly long[] Sizes = [10_000_000, 100_000_000, 1_000_000_000, 4_000_000_000];

    /// <summary>More rounds with a large database would show nothing new.</summary>
    private static int RoundsMax(long size) => size > 1_000_000_000 ? 1 : 3;

    public string Name => "size";

    public async Task<Section> RunAsync(BenchScene scene, int rounds, CancellationToken cancellationToken)
    {
        // This part uses its own servers: the database grows, and a shared S3 server would not have enough space for
        // the objects of all parts.
        using TestDirectory directory = new();
        await using FilledEtcd etcd = await FilledEtcd.StartAsync(BenchScene.QuotaBytes, cancellationToken);
        await using BenchS3 s3 = await BenchS3.StartAsync(directory, cancellationToken);
        Comparison comparison = new(
            scene.Workspace, Variables.Of(etcd.Variables, s3.Variables, scene.Keys), scene.Output);
        StringBuilder rows = new();
        foreach (long size in Sizes)
        {
            await etcd.FillAsync(size, cancellationToken);
            await scene.Output.WriteLineAsync($"a database of {Megabytes(etcd.DatabaseBytes)}");
            int counted = Math.Min(rounds, RoundsMax(size));
            IReadOnlyList<CandidateResult> results = await comparison.RunAsync(
                [BackupToS3Part.Kubedr, BackupToS3Part.Agent], counted, cancellationToken);
            (CandidateResult peer, CandidateResult agent) = (results[0], results[1]);
            rows.Append(
                CultureInfo.InvariantCulture,
                $"| {Megabytes(etcd.DatabaseBytes)} | {counted} | {Seconds(peer.WallSeconds)} | "
                + $"{Seconds(agent.WallSeconds)} "
                + $"| {agent.WallSeconds / peer.WallSeconds:0.00} | {etcd.DatabaseBytes / 1e6 / agent.WallSeconds:N0}"
                + $" MB/s | {Megabytes(peer.PeakBytes)} | {Megabytes(agent.PeakBytes)} "
                + $"| {Megabytes(peer.ScratchBytes)} | {Megabytes(agent.ScratchBytes)} |\n");
        }

        return new Section(
            $"""
            The commands of the first section; medians of the rounds after one to warm up.

            | database | rounds | kubedr's path | agent | ratio | agent's rate | kubedr's peak memory | agent's | kubedr's temporary disk | agent's |
            |---|---|---|---|---|---|---|---|---|---|
            {rows}
            """,
            []);
    }
}
