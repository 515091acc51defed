namespace EtcdBackupAgent.Core.Failures;

/// <summary>
/// The one exception that crosses the product's layers. The message contains the object, the value and the fact, and
/// never a secret. The suggested action is separate, in <see cref="Hint"/>, and is shown on its own line.
/// </summary>
public sealed class BackupException(FailureReason reason, string message, Exception? innerException = null)
    : Exception(message, innerException)
{
    public FailureReason Reason { get; } = reason;

    /// <summary>The action that the reader can take, as one sentence; null if there is no useful advice.</summary>
    public string? Hint { get; init; }

    /// <summary>The message and the hint on one line, for output that has only one line.</summary>
    public string MessageWithHint => Hint is null ? Message : $"{Message} {Hint}";
}
