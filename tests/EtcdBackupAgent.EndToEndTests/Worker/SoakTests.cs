using EtcdBackupAgent.EndToEndTests.Fixtures;
using EtcdBackupAgent.Testing.Soaks;
using Xunit;

namespace EtcdBackupAgent.EndToEndTests.Worker;

/// <summary>A short <c>bench/soak</c>. Only a longer run shows whether anything grows.</summary>
public sealed class SoakTests
{
    [Fact]
    public async Task Runs_fail_only_during_outages_and_retention_keeps_the_right_snapshots()
    {
        Soak soak = new()
        {
            Agent = Agent.Path,
            Duration = TimeSpan.FromSeconds(30),
            Every = TimeSpan.FromSeconds(1),
            Seed = 2026,
            BetweenOutagesMax = TimeSpan.FromSeconds(8),
            AwayMax = TimeSpan.FromSeconds(2),
        };

        SoakReport report = await soak.RunAsync(CancellationToken.None);

        Assert.Empty(report.Violations);
        Assert.NotEqual(0, report.Outages);
    }
}
