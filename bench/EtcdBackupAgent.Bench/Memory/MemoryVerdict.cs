using EtcdBackupAgent.Bench.Running;

namespace EtcdBackupAgent.Bench.Memory;

/// <summary>
/// Evaluates the measurements: the memory must not grow with the database and must be small, and no plaintext may be
/// written to a disk.
/// </summary>
internal static class MemoryVerdict
{
    private const double GrowthMax = 0.10;
    private const long PeakBytesMax = 200_000_000;

    /// <summary>
    /// Allows for logs and for the file system itself; a part that is written to disk has several MB.
    /// </summary>
    private const long WrittenBytesMax = 1_000_000;

    /// <summary>
    /// Evaluates two measurements of each target, first with the small database and then with the large one. Encryption
    /// is evaluated with the large database.
    /// </summary>
    public static IEnumerable<Verdict> Of(IReadOnlyList<Measurement> measurements)
    {
        foreach (BackupTarget target in measurements.Select(m => m.Target).Where(t => t.Plain is not null).Distinct())
        {
            Measurement encrypted = measurements.Last(m => m.Target == target);
            Measurement plain = measurements.Last(m => m.Target == target.Plain);
            double cost = ((double)encrypted.Run.PeakBytes / plain.Run.PeakBytes) - 1;
            yield return new Verdict(
                Math.Abs(cost) <= GrowthMax,
                $"{target.Name}: encryption changes the peak memory by {cost:+0.0%;-0.0%} (at most {GrowthMax:0%})");
        }

        foreach (IGrouping<BackupTarget, Measurement> group in measurements.GroupBy(measurement => measurement.Target))
        {
            string name = group.Key.Name;
            MeasuredRun small = group.First().Run;
            MeasuredRun large = group.Last().Run;

            double growth = ((double)large.PeakBytes / small.PeakBytes) - 1;
            yield return new Verdict(
                Math.Abs(growth) <= GrowthMax,
                $"{name}: peak memory differs by {growth:+0.0%;-0.0%} between the databases (at most {GrowthMax:0%})");

            long peak = Math.Max(small.PeakBytes, large.PeakBytes);
            yield return new Verdict(
                peak < PeakBytesMax, $"{name}: peak memory is {Megabytes(peak)} (below {Megabytes(PeakBytesMax)})");

            string[] files = [.. small.TemporaryFiles.Union(large.TemporaryFiles, StringComparer.Ordinal)];
            yield return new Verdict(
                files.Length == 0,
                $"{name}: temporary files: {(files.Length == 0 ? "none" : string.Join(", ", files))}");

            // Encrypted data may be written to the scratch directory if the server is slow.
            if (!group.Key.WritesToDisk && group.Key.Plain is null)
            {
                long written = Math.Max(small.WrittenBytes, large.WrittenBytes);
                yield return new Verdict(
                    written <= WrittenBytesMax,
                    $"{name}: written to disks {Megabytes(written)} (at most {Megabytes(WrittenBytesMax)})");
            }
        }
    }

    public static string Megabytes(long bytes) => $"{bytes / 1e6:0.0} MB";
}
