using System.Net.Sockets;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Etcd.Tls;
using Google.Protobuf;
using Grpc.Core;

namespace EtcdBackupAgent.Etcd.Failures;

/// <summary>
/// Explains why a call to an endpoint failed. This is the only place that converts the exceptions of the layers below
/// into <see cref="BackupException"/>.
/// </summary>
/// <remarks>
/// The library throws only <see cref="RpcException"/>. Its status is the server's response, unless there is a
/// <see cref="Status.DebugException"/>. That exception is a failure of the connection or an error in the response, and
/// the status code is then a guess of the library.
/// </remarks>
internal static class EtcdFailure
{
    /// <summary>The maximum length of a server's message in the agent's messages, in characters.</summary>
    private const int DetailLengthMax = 500;

    private const string RootRoleHint = "etcd serves snapshots only to users with the role root.";
    private const string CredentialsHint = "Check the etcd user and password.";
    private const string UserMissingHint = "etcd's authentication is enabled: give a user and password.";
    private const string TokenHint = "The token of this connection has expired. A new connection gets a new one.";
    private const string LearnerHint =
        "The member is a learner, which does not serve this call in this version of etcd: name an endpoint of a voting "
        + "member.";

    private const string SchemeHint =
        "Check that the endpoint is etcd's client URL and that its scheme, http or https, is right.";
    private const string RefusedHint =
        "Check that etcd runs at this address, and that the address and port are its client URL.";
    private const string TimeoutHint =
        "Check that the address and port are etcd's client URL and that no firewall blocks the connection.";

    /// <summary>Whether a call failed because the revision it asked for has been compacted.</summary>
    public static bool IsCompacted(BackupException failure) =>
        failure.InnerException is RpcException { StatusCode: StatusCode.OutOfRange } error
        && error.Status.Detail.Contains("has been compacted", StringComparison.Ordinal);

    /// <summary>Creates the failure of a call, such as <c>Maintenance/Status</c>, at an endpoint.</summary>
    /// <param name="endpoint">The client URL.</param>
    /// <param name="call">The service and the method.</param>
    /// <param name="exception">What the library threw.</param>
    /// <param name="refusal">
    /// The server's refusal of the client certificate; null if there is none. The exception may not contain it.
    /// </param>
    public static BackupException From(
        string endpoint, string call, RpcException exception, HandshakeException? refusal)
    {
        (FailureReason reason, string why, string? hint) = ConnectionError(exception) is { } cause
            ? FromConnectionError(cause is OperationCanceledException ? cause : refusal ?? cause)
            : FromStatus(exception.Status);
        return new BackupException(reason, $"{endpoint}: {call} failed: {why}.", exception) { Hint = hint };
    }

    /// <summary>Creates the failure of a watch that the member canceled, with the reason that it gave.</summary>
    public static BackupException Canceled(string endpoint, string call, string why)
    {
        string detail = SingleLine(why);
        (FailureReason reason, string? hint) =
            FromDetail(detail) ?? (FailureReason.EtcdFailed, null);
        return new BackupException(reason, $"{endpoint}: {call} was canceled by the member: {detail}.") { Hint = hint };
    }

    /// <summary>Creates the failure of a call that timed out.</summary>
    public static BackupException TimedOut(
        string endpoint, string call, TimeSpan timeout, RpcException exception) => new(
            FailureReason.EtcdUnreachable,
            $"{endpoint}: {call} failed: no response within {timeout.TotalSeconds:0.###} s.",
            exception)
        {
            Hint = TimeoutHint,
        };

    /// <summary>Describes in a few words how an incomplete stream ended.</summary>
    public static string DescribeEnd(RpcException exception) => ConnectionError(exception) is { } cause
        ? $"broke off: {FromConnectionError(cause).Why}"
        : $"failed: {Describe(exception.Status)}";

    /// <summary>The failure of the connection, if it failed the call; null if there was a response.</summary>
    private static Exception? ConnectionError(RpcException exception) => exception.Status.DebugException switch
    {
        // It derives from IOException.
        InvalidProtocolBufferException => null,
        HttpRequestException or IOException or OperationCanceledException => exception.Status.DebugException,
        _ => null,
    };

    /// <summary>
    /// Distinguishes etcd's errors by their text: several errors have the same code, and 3.4 sends some without a code
    /// ("auth: permission denied" as Unknown). Source: etcd's <c>api/v3rpc/rpctypes/error.go</c> and
    /// <c>server/auth/store.go</c>.
    /// </summary>
    private static (FailureReason Reason, string Why, string? Hint) FromStatus(Status status)
    {
        if (status.DebugException is not null)
        {
            return (FailureReason.EtcdFailed, Describe(status), null);
        }

        string detail = SingleLine(status.Detail);
        if (FromDetail(detail) is { } known)
        {
            return (known.Reason, detail, known.Hint);
        }

        return status.StatusCode switch
        {
            StatusCode.PermissionDenied => (FailureReason.EtcdDenied, detail, RootRoleHint),
            StatusCode.Unauthenticated => (FailureReason.EtcdDenied, detail, CredentialsHint),
            StatusCode.DeadlineExceeded => (FailureReason.EtcdUnreachable, detail, TimeoutHint),
            StatusCode.Unavailable => (FailureReason.EtcdUnreachable, detail, null),
            _ => (FailureReason.EtcdFailed, Describe(status), null),
        };
    }

    /// <summary>Returns the meaning of a message; null if the code of the error decides.</summary>
    private static (FailureReason Reason, string? Hint)? FromDetail(string detail)
    {
        if (detail.Contains("permission denied", StringComparison.Ordinal))
        {
            return (FailureReason.EtcdDenied, RootRoleHint);
        }

        if (detail.Contains("user name is empty", StringComparison.Ordinal))
        {
            return (FailureReason.EtcdDenied, UserMissingHint);
        }

        if (detail.Contains("authentication failed", StringComparison.Ordinal))
        {
            return (FailureReason.EtcdDenied, CredentialsHint);
        }

        // The token was valid when the member issued it.
        if (detail.Contains("invalid auth token", StringComparison.Ordinal))
        {
            return (FailureReason.EtcdFailed, TokenHint);
        }

        if (detail.Contains("not supported for learner", StringComparison.Ordinal))
        {
            return (FailureReason.EtcdFailed, LearnerHint);
        }

        return null;
    }

    /// <summary>The server's message with its code, or the error in the response.</summary>
    private static string Describe(Status status) => status.DebugException is { } damage
        ? $"the response is damaged: {SingleLine(damage.Message)}"
        : $"{SingleLine(status.Detail)} (gRPC status {status.StatusCode})";

    /// <summary>A message for terminals and logs: one line of bounded length.</summary>
    private static string SingleLine(string text)
    {
        string line = string.Concat(text.Select(c => char.IsControl(c) ? ' ' : c)).TrimEnd('.', ' ');
        return line.Length switch
        {
            0 => "the server sent no message",
            <= DetailLengthMax => line,
            _ => line[..DetailLengthMax] + "…",
        };
    }

    private static (FailureReason Reason, string Why, string? Hint) FromConnectionError(Exception exception)
    {
        for (Exception? e = exception; e is not null; e = e.InnerException)
        {
            switch (e)
            {
                case HandshakeException handshake:
                    return (FailureReason.EtcdDenied, handshake.Message, handshake.Hint);
                case SocketException socket:
                    return (
                        FailureReason.EtcdUnreachable, DescribeSocketError(socket), HintFor(socket.SocketErrorCode));
            }
        }

        return exception is OperationCanceledException
            ? (FailureReason.EtcdUnreachable, "connecting timed out", TimeoutHint)
            : (FailureReason.EtcdUnreachable,
                $"the connection was lost ({exception.GetBaseException().Message.TrimEnd('.')})",
                SchemeHint);
    }

    private static string? HintFor(SocketError error) => error switch
    {
        SocketError.ConnectionRefused => RefusedHint,
        SocketError.ConnectionReset => SchemeHint,
        SocketError.TimedOut => TimeoutHint,
        _ => null,
    };

    private static string DescribeSocketError(SocketException e) => e.SocketErrorCode switch
    {
        SocketError.ConnectionRefused => "connection refused",
        SocketError.ConnectionReset => "the connection was reset",
        SocketError.TimedOut => "connecting timed out",
        SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain =>
            $"the host name cannot be resolved ({e.Message})",
        _ => e.Message,
    };
}
