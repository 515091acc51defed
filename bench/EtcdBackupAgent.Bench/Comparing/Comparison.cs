using EtcdBackupAgent.Bench.Running;

namespace EtcdBackupAgent.Bench.Comparing;

/// <summary>Runs several candidates for the same job in turn.</summary>
internal sealed class Comparison(Workspace workspace, IReadOnlyDictionary<string, string?> variables, TextWriter output)
{
    /// <summary>Runs each candidate once to warm up, and then once in each round.</summary>
    /// <returns>The results in the candidates' order.</returns>
    public async Task<IReadOnlyList<CandidateResult>> RunAsync(
        IReadOnlyList<Candidate> candidates, int rounds, CancellationToken cancellationToken)
    {
        CandidateResult[] results = [.. candidates.Select(candidate => new CandidateResult(candidate))];
        for (int round = 0; round <= rounds; round++)
        {
            foreach (CandidateResult result in results)
            {
                MeasuredRun run = await workspace.RunAsync(result.Candidate, variables, cancellationToken);
                string when = round == 0 ? "warm-up" : $"round {round}";
                await output.WriteLineAsync(
                    $"  {when,-8} {result.Candidate.Name,-40} {run.Elapsed.TotalSeconds,7:0.00} s wall "
                    + $"{run.CpuTime.TotalSeconds,7:0.00} s CPU {run.PeakBytes / 1e6,6:0} MB peak "
                    + $"{run.ScratchBytes / 1e6,6:0} MB disk");
                if (round > 0)
                {
                    result.Runs.Add(run);
                }
            }
        }

        return results;
    }
}
