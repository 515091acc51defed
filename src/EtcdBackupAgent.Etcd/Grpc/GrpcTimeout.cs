using System.Globalization;

namespace EtcdBackupAgent.Etcd.Grpc;

/// <summary>
/// The <c>grpc-timeout</c> header, by which the server learns when nobody waits for its answer any more.
/// Source: gRPC over HTTP/2, "Timeout": at most eight digits and a unit.
/// </summary>
internal static class GrpcTimeout
{
    public const string Header = "grpc-timeout";

    private const long ValueMax = 99_999_999;

    /// <summary>The header's value in the finest unit that fits: milliseconds up to 27 hours, then seconds. Rounded up.</summary>
    public static string Format(TimeSpan timeout)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(timeout, TimeSpan.Zero);
        double milliseconds = Math.Ceiling(timeout.TotalMilliseconds);
        return milliseconds <= ValueMax
            ? string.Create(CultureInfo.InvariantCulture, $"{milliseconds:0}m")
            : string.Create(CultureInfo.InvariantCulture, $"{Math.Min(ValueMax, Math.Ceiling(timeout.TotalSeconds)):0}S");
    }
}
