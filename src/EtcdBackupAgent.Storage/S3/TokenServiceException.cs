using EtcdBackupAgent.Core.Failures;

namespace EtcdBackupAgent.Storage.S3;

/// <summary>The token service gave no credentials. The message goes on after "Cannot store 'k' in s3://…: ".</summary>
internal sealed class TokenServiceException(FailureReason reason, string fact, string hint, Exception? cause)
    : Exception(fact, cause)
{
    public FailureReason Reason { get; } = reason;

    public string Hint { get; } = hint;

    /// <summary>Whether the same question may be answered a moment later.</summary>
    public bool IsTransient { get; init; }
}
