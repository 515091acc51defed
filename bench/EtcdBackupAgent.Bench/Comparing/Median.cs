namespace EtcdBackupAgent.Bench.Comparing;

internal static class Median
{
    /// <summary>Returns the middle value, or the mean of the two middle values.</summary>
    public static double Of<T>(IReadOnlyCollection<T> values, Func<T, double> number)
    {
        double[] ordered = [.. values.Select(number).Order()];
        return (ordered[(ordered.Length - 1) / 2] + ordered[ordered.Length / 2]) / 2;
    }
}
