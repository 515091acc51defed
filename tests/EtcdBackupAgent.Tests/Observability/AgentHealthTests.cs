using EtcdBackupAgent.Observability;
using EtcdBackupAgent.Testing.Time;
using Xunit;

namespace EtcdBackupAgent.Tests.Observability;

public sealed class AgentHealthTests
{
    private readonly ManualTime _clock = new(DateTimeOffset.UnixEpoch);

    [Fact]
    public void It_lives_while_it_moves_and_again_when_it_moves_again()
    {
        AgentHealth health = new(_clock, TimeSpan.FromMinutes(5));
        _clock.Advance(TimeSpan.FromMinutes(5));
        Assert.True(health.Liveness().IsGood);

        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(
            new HealthAnswer(false, "The main loop has not moved for 301 s; more than 300 s is too long.\n"),
            health.Liveness());

        health.Beat();
        Assert.Equal(new HealthAnswer(true, "ok\n"), health.Liveness());
    }

    [Fact]
    public void It_is_ready_when_all_conditions_hold_that_were_named()
    {
        AgentHealth health = new(_clock, TimeSpan.FromMinutes(5));
        Assert.Equal(new HealthAnswer(false, "starting\n"), health.Readiness());

        health.SetReady("policies", holds: true);
        health.SetReady("locations", holds: false);
        Assert.Equal(new HealthAnswer(false, "locations: not yet\npolicies: ok\n"), health.Readiness());

        health.SetReady("locations", holds: true);
        Assert.True(health.Readiness().IsGood);

        health.SetReady("policies", holds: false);
        Assert.False(health.Readiness().IsGood);
    }
}
