using System.Diagnostics;
using System.Globalization;
using System.Text;
using EtcdBackupAgent.Bench.Comparing;
using EtcdBackupAgent.Bench.Performance;
using EtcdBackupAgent.Bench.Running;
using EtcdBackupAgent.Testing;
using EtcdBackupAgent.Testing.Etcd;
using static EtcdBackupAgent.Bench.Comparing.ComparisonTable;

namespace EtcdBackupAgent.Bench.Large;

/// <summary><c>bench/large</c>: measures all steps for one large database.</summary>
internal sealed class LargeBench(string agent, string page, TextWriter output)
{
    private static readonly Candidate[] ToDirectory = Backup("a directory", "--repository file://$REPOSITORY");
    private static readonly Candidate[] ToS3 = Backup("S3", $"--repository s3://large {BenchS3.AgentOptions}");

    /// <returns>Whether the restored content equals the original.</returns>
    /// <remarks>
    /// 1. Fill an etcd. 2. Back it up to a directory and to S3. 3. Verify both deeply. 4. Restore both to a data
    /// directory, and start an etcd on the one from S3. 5. Compare it with the first etcd.
    /// </remarks>
    public async Task<bool> RunAsync(long databaseBytes, CancellationToken cancellationToken)
    {
        // 1
        await using BenchScene scene = new(agent, databaseBytes, output);
        string machine = await Machine.DescribeAsync(agent, scene.Directory.Path, cancellationToken);
        await output.WriteLineAsync(machine);
        Stopwatch clock = Stopwatch.StartNew();
        FilledEtcd etcd = await scene.EtcdAsync(cancellationToken);
        KeySpace before = await KeySpace.OfAsync(etcd.Server);
        await output.WriteLineAsync(
            $"{Megabytes(etcd.DatabaseBytes)} with {before.Keys:N0} keys, filled in {clock.Elapsed.TotalSeconds:0} s");
        BenchS3 s3 = await scene.S3Async(cancellationToken);
        Dictionary<string, string?> variables = new(
            Variables.Of(etcd.Variables, s3.Variables, scene.Keys), StringComparer.Ordinal)
        {
            ["REPOSITORY"] = scene.Directory["large"],
        };

        // 2, 3, 4
        List<(Candidate Candidate, MeasuredRun Run)> steps = [];
        foreach (Candidate candidate in ToDirectory.Zip(ToS3).SelectMany(pair => new[] { pair.First, pair.Second }))
        {
            await MeasureAsync(candidate);
        }

        TimeSpan restored = default;
        clock.Restart();
        await using EtcdServer restoredEtcd = await EtcdServer.StartAsync(
            new EtcdServerOptions
            {
                Series = Peers.Etcd35,
                QuotaBackendBytes = BenchScene.QuotaBytes,
                MakeData = async member =>
                {
                    variables["DATA"] = member.Directory;
                    variables["NAME"] = member.Name;
                    variables["CLUSTER"] = member.InitialCluster;
                    variables["PEER"] = member.PeerUrl;
                    await MeasureAsync(RestoreToBoot());
                    restored = clock.Elapsed;
                },
            },
            cancellationToken);
        TimeSpan boot = clock.Elapsed - restored;

        // 5
        KeySpace after = await KeySpace.OfAsync(restoredEtcd, before.Revision);
        Verdict same = new(
            after == before,
            $"an etcd booted on the data directory in {boot.TotalSeconds:0.0} s; it has {after.Keys:N0} keys of "
            + $"{before.Keys:N0}, "
            + $"and its HashKV at revision {before.Revision:N0} is {after.Hash}, that of the first one {before.Hash}");
        await output.WriteLineAsync(same.ToString());
        string section = Section(machine, etcd.DatabaseBytes, before.Keys, steps, same);
        await output.WriteLineAsync($"\n{section}");
        new PerformancePage(page).Replace("large", section);
        return same.Holds;

        async Task MeasureAsync(Candidate candidate)
        {
            MeasuredRun run = await scene.Workspace.RunAsync(candidate, variables, cancellationToken);
            steps.Add((candidate, run));
            await output.WriteLineAsync(
                $"  {candidate.Name,-40} {run.Elapsed.TotalSeconds,7:0.0} s {run.PeakBytes / 1e6,6:0} MB peak");
        }
    }

    private static Candidate[] Backup(string place, string repository) =>
    [
        new(
            $"backup to {place}",
            $"etcd-backup-agent init {repository} --recipient $RECIPIENT",
            $"etcd-backup-agent backup {repository} --policy bench \\\n  {FilledEtcd.AgentOptions}"),
        new(
            $"verify --deep from {place}",
            "",
            $"etcd-backup-agent verify --deep latest {repository} --identity-file $IDENTITY"),
        new(
            $"restore --data-dir from {place}",
            "",
            $"etcd-backup-agent restore latest {repository} --identity-file $IDENTITY --data-dir $TARGET"),
    ];

    private static Candidate RestoreToBoot() => new(
        "restore --data-dir from S3, to boot it",
        "",
        $"etcd-backup-agent restore latest --repository s3://large {BenchS3.AgentOptions} --identity-file $IDENTITY "
        + "\\\n"
        + "  --data-dir $DATA --name $NAME --initial-cluster $CLUSTER --initial-advertise-peer-urls $PEER --no-bump");

    private static string Section(
        string machine, long bytes, long keys, List<(Candidate Candidate, MeasuredRun Run)> steps, Verdict same)
    {
        StringBuilder rows = new();
        foreach ((Candidate candidate, MeasuredRun run) in steps)
        {
            rows.Append(
                CultureInfo.InvariantCulture,
                $"| {candidate.Name} | {run.Elapsed.TotalSeconds:0.0} s | {bytes / 1e6 / run.Elapsed.TotalSeconds:N0}"
                + $" MB/s | {run.CpuTime.TotalSeconds:0.0} s | {Megabytes(run.PeakBytes)} "
                + $"| {Megabytes(run.ScratchBytes)} |\n");
        }

        return $"""
            {machine}

            A database of {Megabytes(bytes)} with {keys:N0} keys, each step once.

            | step | wall | rate of the database | CPU | peak memory | scratch space |
            |---|---|---|---|---|---|
            {rows}
            {(same.Holds ? "Equal" : "Different")}: {same.Fact}.

            {Commands(steps.Select(step => step.Candidate))}
            """;
    }
}
