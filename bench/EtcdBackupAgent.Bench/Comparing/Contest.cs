using EtcdBackupAgent.Bench.Running;

namespace EtcdBackupAgent.Bench.Comparing;

/// <summary>Several ways to do the same job, run in turn.</summary>
internal sealed class Contest(Workplace workplace, IReadOnlyDictionary<string, string?> variables, TextWriter output)
{
    /// <summary>Runs each contender once to warm up, and then once in each round.</summary>
    /// <returns>The results in the contenders' order.</returns>
    public async Task<IReadOnlyList<Standing>> RunAsync(
        IReadOnlyList<Contender> contenders, int rounds, CancellationToken cancellationToken)
    {
        Standing[] standings = [.. contenders.Select(contender => new Standing(contender))];
        for (int round = 0; round <= rounds; round++)
        {
            foreach (Standing standing in standings)
            {
                MeasuredRun run = await workplace.RunAsync(standing.Contender, variables, cancellationToken);
                string when = round == 0 ? "warm-up" : $"round {round}";
                await output.WriteLineAsync(
                    $"  {when,-8} {standing.Contender.Name,-40} {run.Elapsed.TotalSeconds,7:0.00} s wall "
                    + $"{run.CpuTime.TotalSeconds,7:0.00} s CPU {run.PeakBytes / 1e6,6:0} MB peak "
                    + $"{run.ScratchBytes / 1e6,6:0} MB disk");
                if (round > 0)
                {
                    standing.Runs.Add(run);
                }
            }
        }

        return standings;
    }
}
