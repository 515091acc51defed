using EtcdBackupAgent.Bench.Running;

namespace EtcdBackupAgent.Bench.Performance;

/// <summary>One subject of <c>bench/run</c>, which fills one section of docs/performance.md.</summary>
internal interface IPart
{
    /// <summary>As <c>--part</c> takes it, and as the section's marks have it.</summary>
    string Name { get; }

    Task<Section> RunAsync(BenchScene scene, int rounds, CancellationToken cancellationToken);
}

/// <summary>What a part found: the text of its section, and what was aimed at.</summary>
internal sealed record Section(string Markdown, IReadOnlyList<Verdict> Aims);
