namespace EtcdBackupAgent.IntegrationTests.Storage.Faults;

/// <summary>
/// The system's time, but the pauses before further tries, of a few seconds at most, take a hundredth. What is longer, as the limits
/// for silent connections are, keeps its length.
/// </summary>
internal sealed class ImpatientTime : TimeProvider
{
    private static readonly TimeSpan PauseMax = TimeSpan.FromSeconds(6);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        System.CreateTimer(callback, state, dueTime > TimeSpan.Zero && dueTime <= PauseMax ? dueTime / 100 : dueTime, period);
}
