using EtcdBackupAgent.Etcd.Grpc;
using Xunit;

namespace EtcdBackupAgent.Tests.Etcd.Grpc;

public sealed class GrpcTimeoutTests
{
    [Theory]
    [InlineData(1, "1m")]
    [InlineData(0.2, "1m")]
    [InlineData(10_000, "10000m")]
    [InlineData(99_999_999, "99999999m")]
    [InlineData(100_000_000, "100000S")]
    public void A_timeout_has_at_most_eight_digits_and_never_ends_early(double milliseconds, string header) =>
        Assert.Equal(header, GrpcTimeout.Format(TimeSpan.FromMilliseconds(milliseconds)));
}
