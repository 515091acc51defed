using EtcdBackupAgent.Bench.Comparing;
using EtcdBackupAgent.Bench.Running;

namespace EtcdBackupAgent.Bench.Increments;

/// <summary>The results with one share of changed keys.</summary>
internal sealed record IncrementRow
{
    /// <summary>The share of the keys that differ from the base.</summary>
    public required double Share { get; init; }

    /// <summary>What a full snapshot of the state adds to its repository; 0 if it is not measured.</summary>
    public long FullBytes { get; init; }

    /// <summary>What an incremental one adds.</summary>
    public required long IncrementalBytes { get; init; }

    /// <summary>What restic adds; 0 if it is not measured.</summary>
    public long ResticBytes { get; init; }

    /// <summary>The steps in their order.</summary>
    public required IReadOnlyList<IncrementStep> Steps { get; init; }
}

/// <summary>One step, with the full and with the incremental snapshot.</summary>
internal sealed record IncrementStep(string Name, StepResult? Full, StepResult Incremental);

/// <summary>The runs of a step with one kind of snapshot.</summary>
internal sealed record StepResult(Candidate Candidate)
{
    public List<MeasuredRun> Runs { get; } = [];

    public double WallSeconds => Median.Of(Runs, run => run.Elapsed.TotalSeconds);

    public long PeakBytesMax => Runs.Max(run => run.PeakBytes);

    public long ScratchBytesMax => Runs.Max(run => run.ScratchBytes);
}
