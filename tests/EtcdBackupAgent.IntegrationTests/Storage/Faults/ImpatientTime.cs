namespace EtcdBackupAgent.IntegrationTests.Storage.Faults;

/// <summary>
/// The system's time, but the delays before retries, a few seconds at most, take a hundredth of their length. Longer
/// times, such as the limits for silent connections, keep their length.
/// </summary>
internal sealed class ImpatientTime : TimeProvider
{
    private static readonly TimeSpan PauseMax = TimeSpan.FromSeconds(6);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        System.CreateTimer(
            callback, state, dueTime > TimeSpan.Zero && dueTime <= PauseMax ? dueTime / 100 : dueTime, period);
}
