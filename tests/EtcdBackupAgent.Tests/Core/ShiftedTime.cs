namespace EtcdBackupAgent.Tests.Core;

/// <summary>The system's clock shifted by an offset, or a clock that stands still.</summary>
internal sealed class ShiftedTime : TimeProvider
{
    private readonly Func<DateTimeOffset> _now;

    public ShiftedTime(TimeSpan ahead) => _now = () => System.GetUtcNow() + ahead;

    public ShiftedTime(DateTimeOffset standingAt) => _now = () => standingAt;

    public override DateTimeOffset GetUtcNow() => _now();
}
