namespace EtcdBackupAgent.Testing.Soaks;

/// <summary>
/// The growth of a resource during a soak: the straight line that fits its samples best.
/// </summary>
/// <param name="Name">The resource and its unit.</param>
/// <param name="First">The value of the line at its start.</param>
/// <param name="Last">The value of the line at its end.</param>
/// <param name="GrowthMax">The maximum difference of the two values.</param>
public sealed record Growth(string Name, double First, double Last, double GrowthMax)
{
    /// <summary>The first part of a soak, which is ignored: caches fill and threads start in it.</summary>
    private const double WarmUpShare = 0.3;

    private const double HeapBytesMax = 4_000_000;
    private const double ResidentBytesMax = 20_000_000;
    private const double FilesMax = 4;
    private const double SocketsMax = 3;
    private const double ThreadsMax = 4;

    public bool IsFlat => Last - First <= GrowthMax;

    public static IReadOnlyList<Growth> Of(IReadOnlyList<AgentSample> samples)
    {
        AgentSample[] warm = [.. samples.Where(sample => sample.At >= samples[^1].At * WarmUpShare)];
        return
        [
            Of("managed heap, bytes", warm, sample => sample.HeapBytes, HeapBytesMax),
            Of("resident memory, bytes", warm, sample => sample.ResidentBytes, ResidentBytesMax),
            Of("open files", warm, sample => sample.OpenFiles, FilesMax),
            Of("sockets", warm, sample => sample.Sockets, SocketsMax),
            Of("threads", warm, sample => sample.Threads, ThreadsMax),
        ];
    }

    /// <summary>Fits the line with least squares.</summary>
    private static Growth Of(string name, AgentSample[] samples, Func<AgentSample, double> value, double growthMax)
    {
        double meanTime = samples.Average(sample => sample.At.TotalSeconds);
        double mean = samples.Average(value);
        double spread = samples.Sum(sample => Math.Pow(sample.At.TotalSeconds - meanTime, 2));
        double slope = spread > 0
            ? samples.Sum(sample => (sample.At.TotalSeconds - meanTime) * (value(sample) - mean)) / spread
            : 0;
        return new Growth(
            name,
            mean + (slope * (samples[0].At.TotalSeconds - meanTime)),
            mean + (slope * (samples[^1].At.TotalSeconds - meanTime)),
            growthMax);
    }
}
