namespace EtcdBackupAgent.Bench.Comparing;

internal static class Median
{
    /// <summary>The middle one, or the mean of the two in the middle.</summary>
    public static double Of<T>(IReadOnlyCollection<T> values, Func<T, double> number)
    {
        double[] ordered = [.. values.Select(number).Order()];
        return (ordered[(ordered.Length - 1) / 2] + ordered[ordered.Length / 2]) / 2;
    }
}
