using EtcdBackupAgent.Bench.Running;

namespace EtcdBackupAgent.Bench.Comparing;

/// <summary>A candidate with its runs and their medians.</summary>
internal sealed record CandidateResult(Candidate Candidate)
{
    public List<MeasuredRun> Runs { get; } = [];

    public double WallSeconds => Median.Of(Runs, run => run.Elapsed.TotalSeconds);

    public double WallSecondsMin => Runs.Min(run => run.Elapsed.TotalSeconds);

    public double WallSecondsMax => Runs.Max(run => run.Elapsed.TotalSeconds);

    public double CpuSeconds => Median.Of(Runs, run => run.CpuTime.TotalSeconds);

    public double BusySeconds => Median.Of(Runs, run => run.BusySeconds);

    public double PeakBytes => Median.Of(Runs, run => run.PeakBytes);

    public double ScratchBytes => Median.Of(Runs, run => run.ScratchBytes);
}
