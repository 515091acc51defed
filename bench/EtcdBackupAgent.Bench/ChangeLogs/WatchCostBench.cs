using System.Globalization;
using EtcdBackupAgent.Bench.Comparing;
using EtcdBackupAgent.Bench.Filling;
using EtcdBackupAgent.Bench.Performance;
using EtcdBackupAgent.Bench.Running;
using EtcdBackupAgent.Testing;
using EtcdBackupAgent.Testing.Certificates;
using EtcdBackupAgent.Testing.Etcd;
using EtcdBackupAgent.Testing.Processes;

namespace EtcdBackupAgent.Bench.ChangeLogs;

/// <summary>
/// What the change log costs the live member: its CPU time and the latency of writes, without a watch, with etcdctl's
/// and with the agent's.
/// </summary>
internal sealed class WatchCostBench(string agent, string page, TextWriter output)
{
    private const long DatabaseBytes = 100_000_000;
    private const string Alone = "no watch";
    private const string Watch = "etcdctl watch";
    private const string Archive = "etcd-backup-agent archive";

    private static readonly int[] Rates = [50, 500];
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Measured = TimeSpan.FromSeconds(20);

    /// <remarks>
    /// 1. Fill an etcd as it runs in production. 2. For each rate, in rounds: write alone, beside etcdctl's watch of
    /// all keys, and beside the agent. 3. Compare.
    /// </remarks>
    public async Task RunAsync(int rounds, CancellationToken cancellationToken)
    {
        // 1
        await using BenchScene scene = new(agent, DatabaseBytes, output);
        string machine = await Machine.DescribeAsync(
            agent, scene.Directory.Path, [Peers.Etcd35.Etcdctl], cancellationToken);
        await output.WriteLineAsync(machine);
        await using FilledEtcd etcd = await FilledEtcd.StartAsync(
            new EtcdServerOptions { Series = Peers.Etcd35, MutualTls = true, IsDurable = true }, cancellationToken);
        await etcd.FillAsync(DatabaseBytes, cancellationToken);
        using EtcdGateway gateway = etcd.Gateway(etcd.Server.Endpoints[0]);
        KubernetesObjects objects = new(2, payloadBytesMin: 60, payloadBytesMax: 520);
        Dictionary<string, string?> variables = new(
            Variables.Of(etcd.Variables, scene.Keys), StringComparer.Ordinal)
        {
            ["REPOSITORY"] = scene.Directory["repository"],
        };
        await scene.Workspace.RunAsync(
            "etcd-backup-agent init --repository file://$REPOSITORY --recipient $RECIPIENT",
            variables,
            cancellationToken);

        // 2
        List<WatchRow> rows = [];
        foreach (int rate in Rates)
        {
            WatchRow[] own = [new(rate, Alone), new(rate, Watch), new(rate, Archive)];
            rows.AddRange(own);
            for (int round = 1; round <= rounds; round++)
            {
                foreach (WatchRow row in own)
                {
                    await using PeerProcess? beside = Start(row.Beside, etcd, scene, variables);
                    _ = await PacedPuts.RunAsync(gateway, objects, rate, WarmUp, cancellationToken);
                    double before = CpuSeconds.Of(etcd.Server.ProcessIdOf(0));
                    double agentBefore = beside is null ? 0 : CpuSeconds.Of(beside.Id);
                    IReadOnlyCollection<double> times =
                        await PacedPuts.RunAsync(gateway, objects, rate, Measured, cancellationToken);
                    row.Add(
                        times,
                        (CpuSeconds.Of(etcd.Server.ProcessIdOf(0)) - before) / Measured.TotalSeconds,
                        beside is null ? 0 : (CpuSeconds.Of(beside.Id) - agentBefore) / Measured.TotalSeconds);
                    await output.WriteLineAsync($"  round {round} {row.Line(own[0])}");
                }
            }
        }

        // 3
        string section = $"""
            {machine}

            Objects of about 1.3 kB, written at a fixed rate for {Measured.TotalSeconds:0} s, {rounds} rounds in turn.

            | writes a second | beside | etcd's CPU, of one core | ratio | put p50 | p99 | ratio of p99 | CPU of the watcher |
            |---|---|---|---|---|---|---|---|
            {string.Join('\n', rows.Select(row => row.Line(rows.First(first => first.Rate == row.Rate))))}
            """;
        await output.WriteLineAsync($"\n{section}");
        new PerformancePage(page).Replace("changelog-cost", section);
    }

    private PeerProcess? Start(
        string beside, FilledEtcd etcd, BenchScene scene, Dictionary<string, string?> variables)
    {
        TestCertificateFiles files = etcd.Server.ClientFiles!;
        return beside switch
        {
            Watch => PeerProcess.Start(
                Peers.Etcd35.Etcdctl, ["watch", "", "--prefix", "-w", "simple"], variables),
            Archive => PeerProcess.Start(
                agent,
                [
                    "archive", "--repository", $"file://{variables["REPOSITORY"]}", "--policy", "bench",
                    "--etcd-endpoint", etcd.Server.EndpointList, "--etcd-ca-file", etcd.Server.CaFile!,
                    "--etcd-cert-file", files.Certificate, "--etcd-key-file", files.Key,
                    "--scratch-dir", scene.Directory.Path,
                ],
                variables),
            _ => null,
        };
    }

    /// <summary>What was measured beside one watcher at one rate.</summary>
    private sealed class WatchRow(int rate, string beside)
    {
        private readonly List<double> _times = [];
        private readonly List<double> _cpu = [];
        private readonly List<double> _watcherCpu = [];

        public int Rate => rate;

        public string Beside => beside;

        private double Cpu => Median.Of(_cpu, share => share);

        private double Late => At(0.99);

        public void Add(IEnumerable<double> times, double cpu, double watcherCpu)
        {
            _times.AddRange(times);
            _cpu.Add(cpu);
            _watcherCpu.Add(watcherCpu);
        }

        public string Line(WatchRow alone) => string.Create(
            CultureInfo.InvariantCulture,
            $"| {rate} | {beside} | {Cpu:0.0%} | {Cpu / alone.Cpu:0.00} | {At(0.5):0.0} ms | {Late:0.0} ms "
            + $"| {Late / alone.Late:0.00} | {Median.Of(_watcherCpu, share => share):0.0%} |");

        private double At(double share)
        {
            double[] all = [.. _times.Order()];
            return all[(int)Math.Ceiling(share * all.Length) - 1];
        }
    }
}
