using EtcdBackupAgent.Core.Deadlines;
using Xunit;

namespace EtcdBackupAgent.Tests.Core.Deadlines;

public sealed class BackOffTests
{
    private static readonly TimeSpan First = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Max = TimeSpan.FromSeconds(5);

    [Fact]
    public void A_wait_is_between_half_of_the_due_time_and_all_of_it()
    {
        for (int i = 0; i < 10_000; i++)
        {
            Assert.InRange(new BackOff(TimeProvider.System, First, Max).Next(), First / 2, First);
        }
    }

    [Fact]
    public void The_due_time_doubles_up_to_the_limit_until_it_is_reset()
    {
        BackOff backOff = new(TimeProvider.System, First, Max);
        foreach (int seconds in (int[])[1, 2, 4, 5, 5])
        {
            Assert.InRange(backOff.Next(), TimeSpan.FromSeconds(seconds) / 2, TimeSpan.FromSeconds(seconds));
        }

        backOff.Reset();
        Assert.InRange(backOff.Next(), First / 2, First);
    }
}
