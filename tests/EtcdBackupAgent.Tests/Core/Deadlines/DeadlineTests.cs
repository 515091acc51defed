using EtcdBackupAgent.Core.Deadlines;
using EtcdBackupAgent.Testing.Time;
using Xunit;

namespace EtcdBackupAgent.Tests.Core.Deadlines;

public sealed class DeadlineTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    private readonly ManualTime _time = new(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero));
    private readonly CancellationTokenSource _caller = new();

    public void Dispose() => _caller.Dispose();

    [Fact]
    public void The_limit_cancels_the_token_and_is_told_apart_from_the_caller()
    {
        using Deadline deadline = new(Limit, _time, _caller.Token);

        _time.Advance(Limit - TimeSpan.FromTicks(1));
        Assert.False(deadline.Token.IsCancellationRequested);
        Assert.False(deadline.HasPassed);

        _time.Advance(TimeSpan.FromTicks(1));
        Assert.True(deadline.Token.IsCancellationRequested);
        Assert.True(deadline.HasPassed);
    }

    [Fact]
    public void A_cancelled_caller_is_not_a_passed_deadline_even_if_the_limit_passes_later()
    {
        using Deadline deadline = new(Limit, _time, _caller.Token);

        _caller.Cancel();
        _time.Advance(Limit);

        Assert.True(deadline.Token.IsCancellationRequested);
        Assert.False(deadline.HasPassed);
    }

    [Fact]
    public void A_restart_gives_the_whole_time_again()
    {
        using Deadline deadline = new(Limit, _time, _caller.Token);

        _time.Advance(Limit / 2);
        deadline.Restart();
        _time.Advance(Limit / 2);
        Assert.False(deadline.HasPassed);

        deadline.Restart(2 * Limit);
        _time.Advance(1.5 * Limit);
        Assert.False(deadline.HasPassed);
        Assert.Equal(2 * Limit, deadline.Limit);

        _time.Advance(Limit / 2);
        Assert.True(deadline.HasPassed);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    public void A_limit_of_zero_or_less_has_passed(int seconds)
    {
        using Deadline deadline = new(TimeSpan.FromSeconds(seconds), TimeProvider.System, _caller.Token);

        Assert.True(deadline.Token.IsCancellationRequested);
        Assert.True(deadline.HasPassed);
    }
}
