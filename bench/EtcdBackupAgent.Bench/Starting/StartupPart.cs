using System.Globalization;
using EtcdBackupAgent.Bench.Comparing;
using EtcdBackupAgent.Bench.Counting;
using EtcdBackupAgent.Bench.Performance;
using EtcdBackupAgent.Bench.Running;
using EtcdBackupAgent.Core.Stores;
using static EtcdBackupAgent.Bench.Comparing.ComparisonTable;

namespace EtcdBackupAgent.Bench.Starting;

/// <summary>How long the program takes to do next to nothing, with its file in the page cache and without.</summary>
internal sealed class StartupPart : IPart
{
    private const int Snapshots = 3;

    /// <summary>A start is short and what comes between it random: more rounds cost nothing.</summary>
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
        await scene.Workplace.RunAsync(ResticSeries.MakeText(Snapshots), variables, cancellationToken);

        Contender[] warm =
        [
            new("`restic version`", "", "restic version > /dev/null"),
            new("`etcd-backup-agent version`", "", "etcd-backup-agent version > /dev/null"),
            ResticSeries.List,
            repository.List,
        ];
        // dd tells the kernel that nobody needs the file's pages (posix_fadvise(2)); it reads nothing.
        Contender[] cold =
        [
            .. warm.Select(contender => contender with
            {
                Name = $"{contender.Name}, cold",
                Setup = $"dd if=$(command -v {contender.Text.Split(' ')[0]}) iflag=nocache count=0 status=none",
            }),
        ];
        IReadOnlyList<Standing> standings = await new Contest(scene.Workplace, variables, scene.Output)
            .RunAsync([.. warm, .. cold], rounds * RoundsFactor, cancellationToken);
        Verdict[] aims =
        [
            .. standings
                .Where(standing => standing.Contender.Text.StartsWith("etcd-backup-agent", StringComparison.Ordinal))
                .Select(standing => new Verdict(
                    standing.WallSeconds < SecondsMax,
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"{standing.Contender.Name}: {standing.WallSeconds * 1e3:0} ms, aimed at less than "
                        + $"{SecondsMax * 1e3:0} ms"
                    ))),
        ];
        return new Section(
            $"""
            Medians of {rounds * RoundsFactor} rounds after one to warm up; each repository has {Snapshots} snapshots.

            | | wall (min to max) | CPU | peak memory |
            |---|---|---|---|
            {string.Join('\n', standings.Select(Row))}

            {Commands([.. warm, cold[0]])}
            {Verdict.List(aims)}
            """,
            aims);
    }

    private static string Row(Standing standing) =>
        $"| {standing.Contender.Name} | {standing.WallSeconds * 1e3:0} ms ({standing.WallSecondsMin * 1e3:0} to "
        + $"{standing.WallSecondsMax * 1e3:0}) "
        + $"| {standing.CpuSeconds * 1e3:0} ms | {Megabytes(standing.PeakBytes)} |";
}
