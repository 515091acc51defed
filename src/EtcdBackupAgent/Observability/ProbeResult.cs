namespace EtcdBackupAgent.Observability;

/// <summary>The response to a health probe.</summary>
/// <param name="IsSuccess">Whether the probe succeeds.</param>
/// <param name="Text">The text for people, with a line feed at the end.</param>
internal sealed record ProbeResult(bool IsSuccess, string Text);
