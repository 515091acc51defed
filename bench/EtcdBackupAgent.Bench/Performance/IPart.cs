using EtcdBackupAgent.Bench.Running;

namespace EtcdBackupAgent.Bench.Performance;

/// <summary>One subject of <c>bench/run</c>, which fills one section of docs/performance.md.</summary>
internal interface IPart
{
    /// <summary>The name for <c>--part</c> and in the marks of the section.</summary>
    string Name { get; }

    Task<Section> RunAsync(BenchScene scene, int rounds, CancellationToken cancellationToken);
}

/// <summary>The result of a part: the text of its section, and its aims.</summary>
internal sealed record Section(string Markdown, IReadOnlyList<Verdict> Aims);
