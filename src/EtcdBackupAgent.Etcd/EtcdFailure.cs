using System.Net.Sockets;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Etcd.Grpc;
using EtcdBackupAgent.Etcd.Tls;

namespace EtcdBackupAgent.Etcd;

/// <summary>Says, for one endpoint and one call, why it failed: the one place where the layers' exceptions become ours.</summary>
internal static class EtcdFailure
{
    private const string RootRoleHint = "etcd gives snapshots only to a user with the role root.";
    private const string CredentialsHint = "Check the etcd user and password.";
    private const string UserMissingHint = "etcd's authentication is enabled: give a user and password.";
    private const string LearnerHint =
        "The member is a learner, which does not serve this call in this version of etcd: name an endpoint of a voting "
        + "member.";

    private const string SchemeHint = "Check that the endpoint is etcd's client URL and that its scheme, http or https, is right.";
    private const string RefusedHint = "Check that etcd runs there, and that the address and port are its client URL.";
    private const string TimeoutHint = "Check that the address and port are etcd's client URL and that no firewall is in between.";

    /// <summary>What <see cref="From"/> turns into a <see cref="BackupException"/>; anything else is a bug and passes.</summary>
    public static bool IsKnown(Exception e) =>
        e is GrpcException or HttpRequestException or IOException or OperationCanceledException;

    /// <summary>Whether a call failed because the revision it asked for has been compacted.</summary>
    public static bool IsCompacted(BackupException failure) =>
        failure.InnerException is GrpcException { Code: GrpcStatusCode.OutOfRange } answer
        && answer.Detail.Contains("has been compacted", StringComparison.Ordinal);

    /// <summary>The failure of a call, named as <c>Maintenance/Status</c>, at an endpoint.</summary>
    public static BackupException From(string endpoint, string call, Exception exception)
    {
        (FailureReason reason, string why, string? hint) = exception is GrpcException answer
            ? Refused(answer)
            : Broken(exception);
        return new BackupException(reason, $"{endpoint}: {call} failed: {why}.", exception) { Hint = hint };
    }

    /// <summary>A failure of the connection in a few words.</summary>
    public static string Describe(Exception exception) => Broken(exception).Why;

    /// <summary>
    /// etcd's errors are told apart by their text: codes are shared by several, and 3.4 sends some with none ("auth: permission
    /// denied" as Unknown). Source: etcd's <c>api/v3rpc/rpctypes/error.go</c> and <c>server/auth/store.go</c>.
    /// </summary>
    private static (FailureReason Reason, string Why, string? Hint) Refused(GrpcException e)
    {
        if (e.Code == GrpcStatusCode.PermissionDenied || e.Detail.Contains("permission denied", StringComparison.Ordinal))
        {
            return (FailureReason.EtcdDenied, e.Detail, RootRoleHint);
        }

        if (e.Detail.Contains("user name is empty", StringComparison.Ordinal))
        {
            return (FailureReason.EtcdDenied, e.Detail, UserMissingHint);
        }

        if (e.Code == GrpcStatusCode.Unauthenticated || e.Detail.Contains("authentication failed", StringComparison.Ordinal))
        {
            return (FailureReason.EtcdDenied, e.Detail, CredentialsHint);
        }

        if (e.Detail.Contains("not supported for learner", StringComparison.Ordinal))
        {
            return (FailureReason.EtcdFailed, e.Detail, LearnerHint);
        }

        return e.Code switch
        {
            GrpcStatusCode.DeadlineExceeded => (FailureReason.EtcdUnreachable, e.Detail, TimeoutHint),
            GrpcStatusCode.Unavailable => (FailureReason.EtcdUnreachable, e.Detail, null),
            _ => (FailureReason.EtcdFailed, e.Message, null),
        };
    }

    private static (FailureReason Reason, string Why, string? Hint) Broken(Exception exception)
    {
        for (Exception? e = exception; e is not null; e = e.InnerException)
        {
            switch (e)
            {
                case HandshakeException handshake:
                    return (FailureReason.EtcdDenied, handshake.Message, handshake.Hint);
                case SocketException socket:
                    return (FailureReason.EtcdUnreachable, WhyNoConnection(socket), HintOf(socket.SocketErrorCode));
            }
        }

        return exception is OperationCanceledException
            ? (FailureReason.EtcdUnreachable, "the connection was not made in time", TimeoutHint)
            : (FailureReason.EtcdUnreachable,
                $"the connection was lost ({exception.GetBaseException().Message.TrimEnd('.')})",
                SchemeHint);
    }

    private static string? HintOf(SocketError error) => error switch
    {
        SocketError.ConnectionRefused => RefusedHint,
        SocketError.ConnectionReset => SchemeHint,
        SocketError.TimedOut => TimeoutHint,
        _ => null,
    };

    private static string WhyNoConnection(SocketException e) => e.SocketErrorCode switch
    {
        SocketError.ConnectionRefused => "connection refused",
        SocketError.ConnectionReset => "the connection was reset",
        SocketError.TimedOut => "connecting timed out",
        SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain => $"the name is not resolved ({e.Message})",
        _ => e.Message,
    };
}
