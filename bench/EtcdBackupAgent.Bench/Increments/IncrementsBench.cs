using EtcdBackupAgent.Bench.Filling;
using EtcdBackupAgent.Bench.Performance;
using EtcdBackupAgent.Bench.Running;
using EtcdBackupAgent.Testing;
using EtcdBackupAgent.Testing.Etcd;
using static EtcdBackupAgent.Bench.Comparing.ComparisonTable;

namespace EtcdBackupAgent.Bench.Increments;

/// <summary>
/// <c>bench/increments</c>: the size of incremental snapshots, beside full ones and restic's, and the cost of making,
/// verifying and restoring them.
/// </summary>
internal sealed class IncrementsBench(string agent, string page, TextWriter output)
{
    /// <summary>Gives objects of about 1.3 kB, as those of most clusters.</summary>
    private const int PayloadBytesMin = 60;
    private const int PayloadBytesMax = 520;

    /// <summary>A transaction has one object, so these have some 30 MB.</summary>
    private const int TransactionsKept = 20_000;

    private const double SharedMax = 0.03;
    private const double ShareOfAim = 0.01;
    private const long PeakBytesMax = 150_000_000;

    private static readonly double[] Shares = [0, 0.001, ShareOfAim, 0.1];

    /// <summary>Measures, and writes the tables into the page.</summary>
    /// <param name="databaseBytes">The size of the database.</param>
    /// <param name="rounds">The rounds of each step.</param>
    /// <param name="memoryOnly">
    /// Whether only the memory is measured, with one share of changed keys and without the programs to compare with.
    /// </param>
    /// <param name="cancellationToken">A cancelled call leaves no server behind.</param>
    /// <returns>Whether all aims were reached.</returns>
    /// <remarks>
    /// 1. Fill an etcd, and make the base. 2. For each share of the keys: change them and compact. 3. Store the same
    /// state incrementally, as a full snapshot, and with restic, and measure what is added. 4. Run each step with the
    /// full and the incremental snapshot in turn.
    /// </remarks>
    public async Task<bool> RunAsync(
        long databaseBytes, int rounds, bool memoryOnly, CancellationToken cancellationToken)
    {
        // 1
        await using BenchScene scene = new(agent, databaseBytes, output);
        string machine = await Machine.DescribeAsync(
            agent, scene.Directory.Path, [Peers.Etcd35.Etcdctl, Peers.Restic], cancellationToken);
        await output.WriteLineAsync(machine);
        await using FilledEtcd etcd = await FilledEtcd.StartAsync(
            new EtcdServerOptions
            {
                Series = Peers.Etcd35,
                MutualTls = true,
                QuotaBackendBytes = BenchScene.QuotaBytes,
                TransactionsKept = TransactionsKept,
            },
            cancellationToken);
        using EtcdGateway gateway = etcd.Gateway(etcd.Server.Endpoints[0]);
        ObjectChurn churn = new(gateway, new KubernetesObjects(1, PayloadBytesMin, PayloadBytesMax));
        await output.WriteLineAsync($"filling etcd to {Megabytes(databaseBytes)}");
        await churn.FillAsync(databaseBytes, cancellationToken);
        long filledBytes = await gateway.DatabaseBytesAsync(cancellationToken);
        IncrementSteps steps = await IncrementSteps.PrepareAsync(scene, etcd, memoryOnly, cancellationToken);

        List<IncrementRow> rows = [];
        foreach ((int number, double share) in (memoryOnly ? [ShareOfAim] : Shares).Index())
        {
            // 2
            await churn.ChangeAsync(share, number + 1, cancellationToken);
            await output.WriteLineAsync($"{share:P1} of {churn.Objects:N0} objects are changed");

            // 3, 4
            rows.Add(await steps.MeasureAsync(share, rounds, cancellationToken));
        }

        Verdict[] aims = [.. Aims(rows)];
        string objects = $"{churn.Objects:N0} objects of {churn.ObjectBytes:N0} bytes on average";
        string section = $"""
            {machine}

            A database of {Megabytes(filledBytes)} with {objects}.

            {(memoryOnly ? "" : IncrementTable.OfBytes(rows) + "\n")}{IncrementTable.OfCost(rows, rounds)}
            {steps.Commands()}
            {Verdict.List(aims)}
            """;
        await output.WriteLineAsync($"\n{section}");
        new PerformancePage(page).Replace(memoryOnly ? "increments-memory" : "increments", section);
        return Array.TrueForAll(aims, aim => aim.Holds);
    }

    private static IEnumerable<Verdict> Aims(IReadOnlyList<IncrementRow> rows)
    {
        if (rows.FirstOrDefault(row => row is { Share: ShareOfAim, FullBytes: > 0 }) is { } measured)
        {
            double share = (double)measured.IncrementalBytes / measured.FullBytes;
            yield return new Verdict(
                share <= SharedMax,
                $"with {ShareOfAim:0%} of the keys changed, an incremental snapshot has {share:0.00%} of the bytes of "
                + $"a full one, aimed at {SharedMax:0%} or less");
        }

        long peak = rows.Max(row => row.Steps.Max(step => step.Incremental.PeakBytesMax));
        yield return new Verdict(
            peak <= PeakBytesMax,
            $"the peak memory of every step is {Megabytes(peak)} or less, aimed at {Megabytes(PeakBytesMax)}");
    }
}
