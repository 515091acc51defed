using EtcdBackupAgent.EndToEndTests.Fixtures;
using EtcdBackupAgent.Testing.Soaks;
using Xunit;

namespace EtcdBackupAgent.EndToEndTests.Worker;

/// <summary><c>bench/soak</c> in short. Whether anything grows shows only over a longer time.</summary>
public sealed class SoakTests
{
    [Fact]
    public async Task A_worker_whose_peers_come_and_go_fails_only_without_them_and_keeps_exactly_what_it_should()
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
