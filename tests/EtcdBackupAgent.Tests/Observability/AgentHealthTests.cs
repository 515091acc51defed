using EtcdBackupAgent.Observability;
using EtcdBackupAgent.Testing.Time;
using Xunit;

namespace EtcdBackupAgent.Tests.Observability;

public sealed class AgentHealthTests
{
    private readonly ManualTime _clock = new(DateTimeOffset.UnixEpoch);

    [Fact]
    public void Liveness_fails_while_the_main_loop_hangs_and_recovers_with_it()
    {
        AgentHealth health = new(_clock, TimeSpan.FromMinutes(5));
        _clock.Advance(TimeSpan.FromMinutes(5));
        Assert.True(health.Liveness().IsSuccess);

        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(
            new ProbeResult(false, "The main loop has not moved for 301 s; more than 300 s is too long.\n"),
            health.Liveness());

        health.Beat();
        Assert.Equal(new ProbeResult(true, "ok\n"), health.Liveness());
    }

    [Fact]
    public void It_is_ready_when_all_reported_conditions_are_met()
    {
        AgentHealth health = new(_clock, TimeSpan.FromMinutes(5));
        Assert.Equal(new ProbeResult(false, "starting\n"), health.Readiness());

        health.SetReady("policies", holds: true);
        health.SetReady("locations", holds: false);
        Assert.Equal(new ProbeResult(false, "locations: not yet\npolicies: ok\n"), health.Readiness());

        health.SetReady("locations", holds: true);
        Assert.True(health.Readiness().IsSuccess);

        health.SetReady("policies", holds: false);
        Assert.False(health.Readiness().IsSuccess);
    }
}
