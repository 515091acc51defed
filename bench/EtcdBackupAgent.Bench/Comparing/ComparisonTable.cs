using System.Globalization;
using System.Text;

namespace EtcdBackupAgent.Bench.Comparing;

/// <summary>
/// Formats results as Markdown: a table that ends with the ratio of the last result to the first, and the commands.
/// </summary>
internal static class ComparisonTable
{
    public static string Of(IReadOnlyList<CandidateResult> results)
    {
        StringBuilder table = new();
        table.Append("""
            | | wall (min to max) | CPU | peak memory | temporary disk |
            |---|---|---|---|---|

            """);
        foreach (CandidateResult result in results)
        {
            table.Append(
                CultureInfo.InvariantCulture,
                $"| {result.Candidate.Name} | {Seconds(result.WallSeconds)} ({result.WallSecondsMin:0.00} to "
                + $"{result.WallSecondsMax:0.00}) "
                + $"| {Seconds(result.CpuSeconds)} | {Megabytes(result.PeakBytes)} | "
                + $"{Megabytes(result.ScratchBytes)} |\n");
        }

        (CandidateResult first, CandidateResult last) = (results[0], results[^1]);
        table.Append(
            CultureInfo.InvariantCulture,
            $"| ratio | {last.WallSeconds / first.WallSeconds:0.00} | {last.CpuSeconds / first.CpuSeconds:0.00} "
            + $"| {last.PeakBytes / first.PeakBytes:0.00} | |\n");
        return table.Append('\n').Append(Commands(results.Select(result => result.Candidate))).ToString();
    }

    /// <summary>Returns the commands exactly as they were run.</summary>
    public static string Commands(IEnumerable<Candidate> candidates)
    {
        StringBuilder text = new("```bash\n");
        foreach (Candidate candidate in candidates)
        {
            text.Append("# ").Append(candidate.Name).Append('\n');
            if (candidate.Setup.Length > 0)
            {
                text.Append(candidate.Setup).Append("  # not measured\n");
            }

            text.Append(candidate.Text).Append('\n');
        }

        return text.Append("```\n").ToString();
    }

    public static string Seconds(double seconds) =>
        string.Create(CultureInfo.InvariantCulture, $"{seconds:0.00} s");

    public static string Megabytes(double bytes) =>
        string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:N0} MB");
}
