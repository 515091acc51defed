using EtcdBackupAgent.Bench.Comparing;
using EtcdBackupAgent.Bench.Running;

namespace EtcdBackupAgent.Bench.Performance;

/// <summary>
/// The section of a part that lets a peer and the agent do the same job: the peer is first, the agent last.
/// </summary>
internal static class AgainstPeer
{
    public static Section Section(
        string job, int rounds, IReadOnlyList<Standing> standings, IReadOnlyList<Verdict> aims) => new(
        $"{job}; medians of {rounds} rounds after one to warm up, in "
        + $"turn.\n\n{ComparisonTable.Of(standings)}\n{Verdict.List(aims)}",
        aims);

    public static Verdict Wall(IReadOnlyList<Standing> standings, double ratioMax) =>
        Ratio("wall time", standings, standing => standing.WallSeconds, ratioMax);

    public static Verdict Memory(IReadOnlyList<Standing> standings, double ratioMax) =>
        Ratio("peak memory", standings, standing => standing.PeakBytes, ratioMax);

    private static Verdict Ratio(
        string what, IReadOnlyList<Standing> standings, Func<Standing, double> number, double ratioMax)
    {
        double ratio = number(standings[^1]) / number(standings[0]);
        return new Verdict(
            ratio <= ratioMax,
            $"{standings[^1].Contender.Name}: {ratio:0.00} of the {what} of {standings[0].Contender.Name}, aimed at "
            + $"{ratioMax:0.00} or less"
        );
    }
}
