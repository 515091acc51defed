using System.Globalization;
using System.Text;
using static EtcdBackupAgent.Bench.Comparing.ComparisonTable;

namespace EtcdBackupAgent.Bench.Increments;

/// <summary>Formats the results as Markdown tables.</summary>
internal static class IncrementTable
{
    /// <summary>The stored bytes of each kind of snapshot of the same state.</summary>
    public static string OfBytes(IEnumerable<IncrementRow> rows)
    {
        StringBuilder table = new("""
            | keys changed and compacted | full | incremental | of the full one | restic adds | of the full one |
            |---|---|---|---|---|---|

            """);
        foreach (IncrementRow row in rows)
        {
            table.Append(
                CultureInfo.InvariantCulture,
                $"| {row.Share:0.#%} | {Megabytes(row.FullBytes)} | {row.IncrementalBytes / 1e6:N2} MB "
                + $"| {(double)row.IncrementalBytes / row.FullBytes:0.00%} "
                + $"| {Megabytes(row.ResticBytes)} | {(double)row.ResticBytes / row.FullBytes:0.0%} |\n");
        }

        return table.ToString();
    }

    /// <summary>The time, as a ratio, and the memory of each step.</summary>
    public static string OfCost(IReadOnlyList<IncrementRow> rows, int rounds)
    {
        bool isCompared = rows.All(row => row.Steps.All(step => step.Full is not null));
        StringBuilder table = new(isCompared
            ? $"""
                Wall time of the incremental snapshot as a ratio to that of the full one, medians of {rounds} rounds in
                turn, and peak memory, the largest of all rounds.

                | keys changed | step | wall, ratio | peak memory, full | peak memory, incremental | scratch space |
                |---|---|---|---|---|---|

                """
            : """
                | keys changed | step | peak memory | scratch space |
                |---|---|---|---|

                """);
        foreach (IncrementRow row in rows)
        {
            foreach (IncrementStep step in row.Steps)
            {
                string compared = step.Full is { } full
                    ? string.Create(
                        CultureInfo.InvariantCulture,
                        $"{step.Incremental.WallSeconds / full.WallSeconds:0.00} | {Megabytes(full.PeakBytesMax)} | ")
                    : "";
                table.Append(
                    CultureInfo.InvariantCulture,
                    $"| {row.Share:0.#%} | {step.Name} | {compared}{Megabytes(step.Incremental.PeakBytesMax)} "
                    + $"| {Megabytes(step.Incremental.ScratchBytesMax)} |\n");
            }
        }

        return table.ToString();
    }
}
