using EtcdBackupAgent.Bench.Filling;
using EtcdBackupAgent.Bench.Running;
using EtcdBackupAgent.Testing;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.Etcd;

namespace EtcdBackupAgent.Bench.Snapshots;

/// <summary>
/// Compares a restore to a data directory and a deep verification with <c>etcdutl</c>, on the same file in the same
/// run.
/// </summary>
internal sealed class SnapshotBench(string agent, long objectBytes, int rounds, TextWriter output)
{
    private const double RestoreRatioMax = 1.0;
    private const double VerifyRatioMax = 1.0;
    private const long RestorePeakBytesMax = 200_000_000;

    /// <summary>Measures, and prints medians, ratios and verdicts.</summary>
    /// <returns>Whether all verdicts hold.</returns>
    /// <remarks>
    /// 1. Fill an etcd, back it up into a repository, and restore the snapshot as a file. 2. In each round run each
    /// program twice, in turn, from the page cache; the second run counts, and the result is removed. 3. Compare the
    /// medians.
    /// </remarks>
    public async Task<bool> RunAsync(CancellationToken cancellationToken)
    {
        // 1
        using TestDirectory directory = new();
        string repository = $"file://{directory.Create("repository")}";
        string snapshot = await PrepareAsync(directory, repository, cancellationToken);
        string stored = Directory
            .EnumerateFiles(directory["repository"], "etcd.db.zst", SearchOption.AllDirectories)
            .Single();
        string target = directory["data"];
        Candidate[] candidates =
        [
            new(
                "etcdutl snapshot restore",
                Peers.Etcd35.Etcdutl,
                ["snapshot", "restore", snapshot, "--data-dir", target]),
            new("agent restore --file", agent, ["restore", "--file", snapshot, "--data-dir", target]),
            new("agent restore ID", agent, ["restore", "latest", "--repository", repository, "--data-dir", target]),
            new("etcdutl snapshot status", Peers.Etcd35.Etcdutl, ["snapshot", "status", snapshot]),
            new("zstd -dc", Peers.Installed("zstd"), ["-q", "-d", "-f", stored, "-o", "/dev/null"]),
            new("agent verify --deep", agent, ["verify", "--deep", "latest", "--repository", repository]),
        ];

        // 2
        for (int round = 0; round < rounds; round++)
        {
            foreach (Candidate candidate in candidates)
            {
                // The first use of a memory page is slow on a virtual machine. Both runs use the same amount, so the
                // second one does not pay for it.
                await RunAsync(candidate, directory, target, cancellationToken);
                candidate.Runs.Add(await RunAsync(candidate, directory, target, cancellationToken));
            }
        }

        // 3
        await output.WriteLineAsync(
            $"medians of {rounds} rounds, a snapshot of {new FileInfo(snapshot).Length / 1e6:0} MB");
        foreach (Candidate candidate in candidates)
        {
            await output.WriteLineAsync(
                $"{candidate.Name,-26} {candidate.Seconds,7:0.00} s   peak {candidate.PeakBytes / 1e6,7:0} MB");
        }

        Candidate Named(string name) => candidates.Single(candidate => candidate.Name == name);
        double restore = Named("agent restore --file").Seconds / Named("etcdutl snapshot restore").Seconds;
        double verify = Named("agent verify --deep").Seconds
            / ((2 * Named("etcdutl snapshot status").Seconds) + Named("zstd -dc").Seconds);
        long peak = Math.Max(Named("agent restore --file").PeakBytes, Named("agent restore ID").PeakBytes);
        bool[] verdicts =
        [
            await ReportAsync(restore <= RestoreRatioMax, $"restore --file takes {restore:0.00} of etcdutl's time"),
            await ReportAsync(
                verify <= VerifyRatioMax,
                $"verify --deep takes {verify:0.00} of twice status and once zstd"),
            await ReportAsync(
                peak < RestorePeakBytesMax,
                $"a restore's peak memory is {peak / 1e6:0} MB (below 200 MB)"),
        ];
        return verdicts.All(holds => holds);
    }

    private static async Task<MeasuredRun> RunAsync(
        Candidate candidate, TestDirectory directory, string target, CancellationToken cancellationToken)
    {
        string scratch = directory.Create($"scratch-{Path.GetRandomFileName()}");
        MeasuredRun run = await MeasuredRun.RunAsync(
            candidate.Program, candidate.Arguments, new Dictionary<string, string?>(), scratch, cancellationToken);
        if (Directory.Exists(target))
        {
            Directory.Delete(target, recursive: true);
        }

        return run;
    }

    private async Task<string> PrepareAsync(
        TestDirectory directory, string repository, CancellationToken cancellationToken)
    {
        string scratch = directory.Create("scratch");
        string restored = directory["restored"];
        await using EtcdServer etcd = await EtcdServer.StartAsync(
            new EtcdServerOptions { Series = Peers.Etcd35 }, cancellationToken);
        using EtcdGateway gateway = new(etcd.Endpoints[0], tls: null);
        await new EtcdFill(gateway, new KubernetesObjects(1)).ToAsync(objectBytes, cancellationToken);
        string[][] steps =
        [
            ["init", "--repository", repository, "--unencrypted"],
            ["backup", "--repository", repository, "--policy", "bench", "--etcd-endpoint", etcd.EndpointList],
            ["restore", "latest", "--repository", repository, "--to", restored],
        ];
        foreach (string[] arguments in steps)
        {
            await MeasuredRun.RunAsync(
                agent, arguments, new Dictionary<string, string?>(), scratch, cancellationToken);
        }

        return Path.Combine(restored, "etcd-snapshot.db");
    }

    private async Task<bool> ReportAsync(bool holds, string fact)
    {
        await output.WriteLineAsync($"{(holds ? "PASS" : "FAIL")}  {fact}");
        return holds;
    }

    private sealed record Candidate(string Name, string Program, IReadOnlyList<string> Arguments)
    {
        public List<MeasuredRun> Runs { get; } = [];

        public double Seconds => Runs.Select(run => run.Elapsed.TotalSeconds).Order().ElementAt(Runs.Count / 2);

        public long PeakBytes => Runs.Max(run => run.PeakBytes);
    }
}
