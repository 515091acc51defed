using System.Globalization;
using EtcdBackupAgent.Bench.Comparing;

namespace EtcdBackupAgent.Bench.PutLatency;

/// <summary>The durations of puts during one command in all rounds.</summary>
internal sealed class PutRow(string name)
{
    private readonly List<IReadOnlyList<double>> _rounds = [];

    public string Name { get; } = name;

    /// <summary>The median over the rounds of the longest put, in milliseconds.</summary>
    public double LongestMilliseconds => Median.Of(_rounds, round => round.Max());

    /// <param name="milliseconds">The duration of each put of the round.</param>
    public void Add(IReadOnlyList<double> milliseconds) => _rounds.Add(milliseconds);

    /// <summary>
    /// Returns a row of a Markdown table: puts, p50, p99, longest, and longest as a multiple of another row's.
    /// </summary>
    public string Line(PutRow reference) => string.Create(
        CultureInfo.InvariantCulture,
        $"| {Name} | {_rounds.Sum(round => round.Count):N0} | {Percentile(0.5):0.0} ms | {Percentile(0.99):0.0} ms "
        + $"| {LongestMilliseconds:0} ms "
        + $"({_rounds.Min(round => round.Max()):0} to {_rounds.Max(round => round.Max()):0}) "
        + $"| {LongestMilliseconds / reference.LongestMilliseconds:0.0} |");

    private double Percentile(double share)
    {
        double[] all = [.. _rounds.SelectMany(round => round).Order()];
        return all[(int)Math.Ceiling(share * all.Length) - 1];
    }
}
