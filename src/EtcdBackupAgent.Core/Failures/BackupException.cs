namespace EtcdBackupAgent.Core.Failures;

/// <summary>
/// The one exception that crosses the product's layers. The message names the object, the value and the fact, and never
/// holds a secret; what to do about it stands apart, in <see cref="Hint"/>, and is shown on a line of its own.
/// </summary>
public sealed class BackupException(FailureReason reason, string message, Exception? innerException = null)
    : Exception(message, innerException)
{
    public FailureReason Reason { get; } = reason;

    /// <summary>What the reader can do about it, as one sentence; null where nothing useful can be said.</summary>
    public string? Hint { get; init; }

    /// <summary>Both on one line, for places that have only one.</summary>
    public string MessageWithHint => Hint is null ? Message : $"{Message} {Hint}";
}
