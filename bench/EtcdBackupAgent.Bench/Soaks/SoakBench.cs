using EtcdBackupAgent.Testing.Soaks;

namespace EtcdBackupAgent.Bench.Soaks;

/// <summary>Runs the worker for a long time and checks that its use of resources does not grow.</summary>
internal sealed class SoakBench(string agent, int minutes, int everySeconds, int seed, TextWriter output)
{
    private const int RowsMax = 12;

    /// <summary>Runs the soak, and prints samples and verdicts.</summary>
    /// <returns>Whether all verdicts hold.</returns>
    public async Task<bool> RunAsync(CancellationToken cancellationToken)
    {
        SoakReport report = await new Soak
        {
            Agent = agent,
            Duration = TimeSpan.FromMinutes(minutes),
            Every = TimeSpan.FromSeconds(everySeconds),
            Seed = seed,
        }.RunAsync(cancellationToken);

        await output.WriteLineAsync("     time   backups   managed heap    resident   open files   sockets   threads");
        int step = Math.Max(1, report.Samples.Count / RowsMax);
        foreach (AgentSample sample in report.Samples.Where((_, index) => index % step == 0))
        {
            await output.WriteLineAsync(
                $"{sample.At.TotalMinutes,6:0.0} min {sample.Succeeded,7:0} {sample.HeapBytes / 1e6,11:0.0} MB "
                + $"{sample.ResidentBytes / 1e6,8:0.0} MB"
                + $" {sample.OpenFiles,12:0} {sample.Sockets,9:0} {sample.Threads,9:0}");
        }

        await output.WriteLineAsync(
            $"seed {seed}: {report.Samples[^1].Succeeded:0} backups, {report.Failures.Count} failed, {report.Outages} "
            + "outages of etcd or the store"
        );
        IReadOnlyList<Growth> growths = Growth.Of(report.Samples);
        foreach (Growth growth in growths)
        {
            await output.WriteLineAsync(
                $"{(growth.IsFlat ? "PASS" : "FAIL")}  {growth.Name}: from {growth.First:#,0.#} to {growth.Last:#,0.#}"
                + $" (at most {growth.GrowthMax:#,0} more)");
        }

        foreach (string violation in report.Violations)
        {
            await output.WriteLineAsync($"FAIL  {violation}");
        }

        return report.Violations.Count == 0 && growths.All(growth => growth.IsFlat);
    }
}
