using EtcdBackupAgent.Runtime;
using Xunit;

namespace EtcdBackupAgent.Tests.Runtime;

public sealed class BufferPoolTests : IDisposable
{
    private readonly string? _before = Environment.GetEnvironmentVariable(BufferPool.Variable);

    [Theory]
    [InlineData(null, "512")]
    [InlineData("64", "64")]
    public void The_pool_fits_a_window_unless_the_operator_sets_its_size(string? set, string expected)
    {
        Environment.SetEnvironmentVariable(BufferPool.Variable, set);

        BufferPool.FitSnapshotWindow();

        Assert.Equal(expected, Environment.GetEnvironmentVariable(BufferPool.Variable));
    }

    public void Dispose() => Environment.SetEnvironmentVariable(BufferPool.Variable, _before);
}
