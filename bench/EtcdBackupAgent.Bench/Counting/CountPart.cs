using System.Diagnostics;
using System.Globalization;
using System.Text;
using EtcdBackupAgent.Bench.Comparing;
using EtcdBackupAgent.Bench.Layers;
using EtcdBackupAgent.Bench.Performance;
using EtcdBackupAgent.Core.Stores;
using EtcdBackupAgent.Kubernetes.Catalogue;
using EtcdBackupAgent.Testing.KubernetesApi;
using static EtcdBackupAgent.Bench.Comparing.ComparisonTable;

namespace EtcdBackupAgent.Bench.Counting;

/// <summary>
/// The cost of many snapshots in one repository for the tasks that read all manifests: list, prune and the
/// controller's sync.
/// </summary>
internal sealed class CountPart : IPart
{
    private static readonly int[] Counts = [10, 1_000, 10_000];

    /// <summary>restic needs too much time to create more snapshots.</summary>
    private const int ResticCountMax = 1_000;

    /// <summary>With many snapshots, more rounds would take minutes and show nothing new.</summary>
    private static int RoundsMax(int count) => count > 1_000 ? 3 : 10;

    public string Name => "count";

    /// <remarks>
    /// For each number of snapshots: 1. Create a repository in a directory, one in S3, and one of restic. 2. List them.
    /// 3. Prune one snapshot at a time. 4. Sync a cluster without records, and then again without changes. The sync
    /// reads only the directory, because the list already shows the additional cost of a bucket.
    /// </remarks>
    public async Task<Section> RunAsync(BenchScene scene, int rounds, CancellationToken cancellationToken)
    {
        BenchS3 s3 = await scene.S3Async(cancellationToken);
        await using KubernetesApiServer cluster = await KubernetesApiServer.StartAsync(cancellationToken);
        await cluster.KubectlAsync("apply", "-k", "manifests/crd");
        await cluster.KubectlAsync("wait", "--for=condition=Established", "crd", "--all", "--timeout=60s");
        StringBuilder lists = new();
        StringBuilder syncs = new();
        foreach (int count in Counts)
        {
            foreach (CountedRepository repository in
                new[] { CountedRepository.InDirectory(scene, count), CountedRepository.InBucket(s3, count) })
            {
                // 1
                await MakeAsync(repository, scene, cancellationToken);
                Dictionary<string, string?> variables = new(
                    Variables.Of(s3.Variables, scene.Keys, repository.Variables), StringComparer.Ordinal)
                {
                    ["RESTIC_REPOSITORY"] = scene.Directory[
                        string.Create(CultureInfo.InvariantCulture, $"restic-of-{count}")
                    ],
                };
                bool withRestic = count <= ResticCountMax && repository.IsDirectory;
                if (withRestic)
                {
                    await scene.Workspace.RunAsync(ResticSeries.MakeText(count), variables, cancellationToken);
                }

                // 2
                int counted = Math.Min(rounds, RoundsMax(count));
                IReadOnlyList<CandidateResult> results = await new Comparison(
                    scene.Workspace,
                    variables,
                    scene.Output).RunAsync(
                    withRestic ? [ResticSeries.List, repository.List] : [repository.List],
                    counted,
                    cancellationToken);
                foreach (CandidateResult result in results)
                {
                    lists.Append(Row(count, repository, result));
                }

                // 3
                lists.Append(Row(count, repository, await PruneAsync(
                    repository, scene, variables, Math.Min(counted, count / 2), cancellationToken)));

                // 4
                if (repository.IsDirectory)
                {
                    syncs.Append(await SyncAsync(repository, cluster, counted, scene.Output, cancellationToken));
                }
            }
        }

        CountedRepository shown = CountedRepository.InBucket(s3, Counts[^1]);
        return new Section(
            $"""
            Medians of {rounds} rounds, or {RoundsMax(Counts[^1])} with the most snapshots; for lists after one to warm up.

            | snapshots | in | | wall | CPU | peak memory |
            |---|---|---|---|---|---|
            {lists}
            The sync of a BackupLocation with as many records, by the controller's code within one process, with a Kubernetes API server on
            the same machine:

            | snapshots | first sync, makes all records | CPU | sync with nothing new | CPU |
            |---|---|---|---|---|
            {syncs}
            {Commands([ResticSeries.List, shown.List, shown.Prune(1)])}
            """,
            []);
    }

    private static string Row(int count, CountedRepository repository, CandidateResult result) => string.Create(
        CultureInfo.InvariantCulture,
        $"| {count:N0} | {repository.Place} | {result.Candidate.Name} | {Seconds(result.WallSeconds)} "
        + $"| {Seconds(result.CpuSeconds)} | {Megabytes(result.PeakBytes)} |\n");

    private static async Task MakeAsync(
        CountedRepository repository, BenchScene scene, CancellationToken cancellationToken)
    {
        Stopwatch clock = Stopwatch.StartNew();
        using IObjectStore store = repository.Open();
        await SnapshotSeries.MakeAsync(store, repository.Count, cancellationToken);
        await scene.Output.WriteLineAsync(
            $"made {repository.Count:N0} snapshots in {store.Address} in {clock.Elapsed.TotalSeconds:0} s");
    }

    private static async Task<CandidateResult> PruneAsync(
        CountedRepository repository,
        BenchScene scene,
        IReadOnlyDictionary<string, string?> variables,
        int rounds,
        CancellationToken cancellationToken)
    {
        CandidateResult result = new(repository.Prune(1));
        for (int round = 1; round <= rounds; round++)
        {
            result.Runs.Add(await scene.Workspace.RunAsync(repository.Prune(round), variables, cancellationToken));
        }

        await scene.Output.WriteLineAsync($"  {result.Candidate.Name} {result.WallSeconds:0.00} s");
        return result;
    }

    /// <returns>A row of the table.</returns>
    private static async Task<string> SyncAsync(
        CountedRepository repository,
        KubernetesApiServer cluster,
        int rounds,
        TextWriter output,
        CancellationToken cancellationToken)
    {
        using SyncedCluster synced = await SyncedCluster.CreateAsync(cluster, repository.Open, cancellationToken);
        (Effort first, CatalogueReport report) = await synced.SyncAsync(cancellationToken);
        await output.WriteLineAsync($"  first sync {first.WallSeconds:0.00} s, {report.Created:N0} records");
        List<Effort> later = [];
        for (int round = 0; round < rounds; round++)
        {
            later.Add((await synced.SyncAsync(cancellationToken)).Effort);
        }

        return string.Create(
            CultureInfo.InvariantCulture,
            $"| {report.Created:N0} | {Seconds(first.WallSeconds)} | {Seconds(first.CpuSeconds)} "
            + $"| {Seconds(Median.Of(later, effort => effort.WallSeconds))} | "
            + $"{Seconds(Median.Of(later, effort => effort.CpuSeconds))} |\n");
    }
}
