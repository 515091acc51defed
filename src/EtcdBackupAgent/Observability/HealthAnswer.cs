namespace EtcdBackupAgent.Observability;

/// <param name="IsGood">What a probe goes by.</param>
/// <param name="Text">What a person reads, with a line feed at its end.</param>
internal sealed record HealthAnswer(bool IsGood, string Text);
