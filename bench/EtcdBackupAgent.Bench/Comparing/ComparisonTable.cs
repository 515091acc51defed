using System.Globalization;
using System.Text;

namespace EtcdBackupAgent.Bench.Comparing;

/// <summary>
/// Standings as Markdown: a table that ends with the ratio of the last one to the first, and the commands.
/// </summary>
internal static class ComparisonTable
{
    public static string Of(IReadOnlyList<Standing> standings)
    {
        StringBuilder table = new();
        table.Append("""
            | | wall (min to max) | CPU | peak memory | temporary disk |
            |---|---|---|---|---|

            """);
        foreach (Standing standing in standings)
        {
            table.Append(
                CultureInfo.InvariantCulture,
                $"| {standing.Contender.Name} | {Seconds(standing.WallSeconds)} ({standing.WallSecondsMin:0.00} to "
                + $"{standing.WallSecondsMax:0.00}) "
                + $"| {Seconds(standing.CpuSeconds)} | {Megabytes(standing.PeakBytes)} | "
                + $"{Megabytes(standing.ScratchBytes)} |\n");
        }

        (Standing first, Standing last) = (standings[0], standings[^1]);
        table.Append(
            CultureInfo.InvariantCulture,
            $"| ratio | {last.WallSeconds / first.WallSeconds:0.00} | {last.CpuSeconds / first.CpuSeconds:0.00} "
            + $"| {last.PeakBytes / first.PeakBytes:0.00} | |\n");
        return table.Append('\n').Append(Commands(standings.Select(standing => standing.Contender))).ToString();
    }

    /// <summary>What was run, as it was run.</summary>
    public static string Commands(IEnumerable<Contender> contenders)
    {
        StringBuilder text = new("```bash\n");
        foreach (Contender contender in contenders)
        {
            text.Append("# ").Append(contender.Name).Append('\n');
            if (contender.Setup.Length > 0)
            {
                text.Append(contender.Setup).Append("  # not measured\n");
            }

            text.Append(contender.Text).Append('\n');
        }

        return text.Append("```\n").ToString();
    }

    public static string Seconds(double seconds) =>
        string.Create(CultureInfo.InvariantCulture, $"{seconds:0.00} s");

    public static string Megabytes(double bytes) =>
        string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:N0} MB");
}
