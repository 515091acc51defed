using EtcdBackupAgent.Bench.Comparing;
using EtcdBackupAgent.Bench.Running;

namespace EtcdBackupAgent.Bench.Performance;

/// <summary>
/// Creates the section of a part in which a peer and the agent do the same job. The peer is first, the agent last.
/// </summary>
internal static class AgainstPeer
{
    public static Section Section(
        string job, int rounds, IReadOnlyList<CandidateResult> results, IReadOnlyList<Verdict> aims) => new(
        $"{job}; medians of {rounds} rounds after one to warm up, in "
        + $"turn.\n\n{ComparisonTable.Of(results)}\n{Verdict.List(aims)}",
        aims);

    public static Verdict Wall(IReadOnlyList<CandidateResult> results, double ratioMax) =>
        Ratio("wall time", results, result => result.WallSeconds, ratioMax);

    public static Verdict Memory(IReadOnlyList<CandidateResult> results, double ratioMax) =>
        Ratio("peak memory", results, result => result.PeakBytes, ratioMax);

    private static Verdict Ratio(
        string what, IReadOnlyList<CandidateResult> results, Func<CandidateResult, double> number, double ratioMax)
    {
        double ratio = number(results[^1]) / number(results[0]);
        return new Verdict(
            ratio <= ratioMax,
            $"{results[^1].Candidate.Name}: {ratio:0.00} of the {what} of {results[0].Candidate.Name}, aimed at "
            + $"{ratioMax:0.00} or less"
        );
    }
}
