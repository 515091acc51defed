using EtcdBackupAgent.Bench.Running;

namespace EtcdBackupAgent.Bench.Performance;

/// <summary><c>bench/run</c>: measures parts, prints the results, and writes them into the page.</summary>
internal sealed class PerformanceBench(string agent, string page, TextWriter output)
{
    /// <param name="parts">The parts to measure.</param>
    /// <param name="rounds">The number of measured rounds, after one to warm up.</param>
    /// <param name="databaseBytes">The size of the database for the parts that need one.</param>
    /// <param name="cancellationToken">After a cancelled call the finished sections remain in the page.</param>
    /// <returns>Whether all aims were reached.</returns>
    public async Task<bool> RunAsync(
        IReadOnlyList<IPart> parts, int rounds, long databaseBytes, CancellationToken cancellationToken)
    {
        PerformancePage written = new(page);
        List<Verdict> aims = [];
        await using BenchScene scene = new(agent, databaseBytes, output);
        string machine = await Machine.DescribeAsync(agent, scene.Directory.Path, cancellationToken);
        await output.WriteLineAsync(machine);
        written.Replace("machine", machine);
        foreach (IPart part in parts)
        {
            await output.WriteLineAsync($"\n{part.Name}: {rounds} rounds");
            Section section = await part.RunAsync(scene, rounds, cancellationToken);
            await output.WriteLineAsync($"\n{section.Markdown}");
            written.Replace(part.Name, section.Markdown);
            aims.AddRange(section.Aims);
        }

        foreach (Verdict aim in aims)
        {
            await output.WriteLineAsync(aim.ToString());
        }

        return aims.TrueForAll(aim => aim.Holds);
    }
}
