using System.Globalization;
using EtcdBackupAgent.Bench.Comparing;
using EtcdBackupAgent.Bench.Counting;
using EtcdBackupAgent.Bench.Performance;
using EtcdBackupAgent.Bench.Running;
using EtcdBackupAgent.Core.Stores;
using static EtcdBackupAgent.Bench.Comparing.ComparisonTable;

namespace EtcdBackupAgent.Bench.Starting;

/// <summary>The time of short commands, with the file of the program in the page cache and without.</summary>
internal sealed class StartupPart : IPart
{
    private const int Snapshots = 3;

    /// <summary>A start is short, and random disturbances have a large effect, so more rounds are run.</summary>
    private const int RoundsFactor = 4;

    private const double SecondsMax = 0.5;

    public string Name => "startup";

    public async Task<Section> RunAsync(BenchScene scene, int rounds, CancellationToken cancellationToken)
    {
        CountedRepository repository = CountedRepository.InDirectory(scene, Snapshots);
        using (IObjectStore store = repository.Open())
        {
            await SnapshotSeries.MakeAsync(store, Snapshots, cancellationToken);
        }

        Dictionary<string, string?> variables = new(
            Variables.Of(scene.Keys, repository.Variables), StringComparer.Ordinal)
        {
            ["RESTIC_REPOSITORY"] = scene.Directory["restic-startup"],
        };
        await scene.Workspace.RunAsync(ResticSeries.MakeText(Snapshots), variables, cancellationToken);

        Candidate[] warm =
        [
            new("`restic version`", "", "restic version > /dev/null"),
            new("`etcd-backup-agent version`", "", "etcd-backup-agent version > /dev/null"),
            ResticSeries.List,
            repository.List,
        ];
        // dd drops the pages of the file from the cache (posix_fadvise(2)); it reads nothing.
        Candidate[] cold =
        [
            .. warm.Select(candidate => candidate with
            {
                Name = $"{candidate.Name}, cold",
                Setup = $"dd if=$(command -v {candidate.Text.Split(' ')[0]}) iflag=nocache count=0 status=none",
            }),
        ];
        IReadOnlyList<CandidateResult> results = await new Comparison(scene.Workspace, variables, scene.Output)
            .RunAsync([.. warm, .. cold], rounds * RoundsFactor, cancellationToken);
        Verdict[] aims =
        [
            .. results
                .Where(result => result.Candidate.Text.StartsWith("etcd-backup-agent", StringComparison.Ordinal))
                .Select(result => new Verdict(
                    result.WallSeconds < SecondsMax,
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"{result.Candidate.Name}: {result.WallSeconds * 1e3:0} ms, aimed at less than "
                        + $"{SecondsMax * 1e3:0} ms"
                    ))),
        ];
        return new Section(
            $"""
            Medians of {rounds * RoundsFactor} rounds after one to warm up; each repository has {Snapshots} snapshots.

            | | wall (min to max) | CPU | peak memory |
            |---|---|---|---|
            {string.Join('\n', results.Select(Row))}

            {Commands([.. warm, cold[0]])}
            {Verdict.List(aims)}
            """,
            aims);
    }

    private static string Row(CandidateResult result) =>
        $"| {result.Candidate.Name} | {result.WallSeconds * 1e3:0} ms ({result.WallSecondsMin * 1e3:0} to "
        + $"{result.WallSecondsMax * 1e3:0}) "
        + $"| {result.CpuSeconds * 1e3:0} ms | {Megabytes(result.PeakBytes)} |";
}
