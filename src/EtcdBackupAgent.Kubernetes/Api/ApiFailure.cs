using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text.Json;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Proxies;
using EtcdBackupAgent.Core.Tls;

namespace EtcdBackupAgent.Kubernetes.Api;

/// <summary>Explains why a request to the API server failed. This is the only place that turns the client's exceptions
/// into a <see cref="BackupException"/>.</summary>
internal static class ApiFailure
{
    private const string RightsHint =
        "Give this identity the right: the Role or ClusterRole must name the resource and the verb.";
    private const string LoginHint =
        "The token or the client certificate is not accepted: it may have expired, or may belong to another cluster.";
    private const string TrustHint =
        "Check the CA certificate of the cluster, and that the server's address is one of the certificate's names.";
    private const string AddressHint = "Check that the address is that of a Kubernetes API.";

    /// <summary>Whether <see cref="From"/> turns an exception into a <see cref="BackupException"/>. Any other exception
    /// is a bug and must not be caught.</summary>
    public static bool IsKnown(Exception e) =>
        e is ApiStatusException or HttpRequestException or ProxyException or IOException or TimeoutException
            or JsonException;

    /// <summary>Returns the failure of an action (<c>list secrets</c>) at the server of a connection.</summary>
    public static BackupException From(KubernetesConnection connection, string action, Exception exception)
    {
        (FailureReason reason, string why, string? hint) = Diagnose(exception);
        return new BackupException(reason, $"Cannot {action} at {connection}: {why.TrimEnd('.')}.", exception)
        {
            Hint = hint,
        };
    }

    private static (FailureReason Reason, string Why, string? Hint) Diagnose(Exception exception) =>
        exception switch
        {
            ProxyException e => (FailureReason.KubernetesUnreachable, e.Message, e.Hint),
            ApiStatusException { ProxyHint: { } hint } e => (FailureReason.KubernetesUnreachable, e.Message, hint),
            ApiStatusException { Code: HttpStatusCode.Unauthorized } e => (
                FailureReason.KubernetesDenied,
                e.Message,
                LoginHint),
            ApiStatusException { Code: HttpStatusCode.Forbidden } e => (
                FailureReason.KubernetesDenied,
                e.Message,
                RightsHint),
            ApiStatusException { IsConflict: true } e => (FailureReason.KubernetesConflict, e.Message, null),
            ApiStatusException e => (FailureReason.KubernetesFailed, e.Message, null),
            JsonException => (FailureReason.KubernetesFailed, "the response is not JSON", AddressHint),
            HttpRequestException { HttpRequestError: HttpRequestError.ConfigurationLimitExceeded } => (
                FailureReason.KubernetesFailed,
                $"the response is larger than {ApiTransport.ResponseBytesMax:N0} bytes",
                null),
            _ => DiagnoseConnection(exception),
        };

    private static (FailureReason Reason, string Why, string? Hint) DiagnoseConnection(Exception exception)
    {
        for (Exception? e = exception; e is not null; e = e.InnerException)
        {
            switch (e)
            {
                case UntrustedServerException untrusted:
                    return (FailureReason.KubernetesUnreachable, untrusted.Message, untrusted.Hint);
                case AuthenticationException:
                    return (FailureReason.KubernetesUnreachable, e.Message, TrustHint);
                case TimeoutException:
                    // Its inner exception reports only that a call was cancelled.
                    return (FailureReason.KubernetesUnreachable, e.Message, null);
                case SocketException { SocketErrorCode: SocketError.ConnectionRefused }:
                    return (FailureReason.KubernetesUnreachable, "connection refused", null);
                case SocketException socket:
                    return (FailureReason.KubernetesUnreachable, socket.Message, null);
            }
        }

        return (FailureReason.KubernetesUnreachable, exception.GetBaseException().Message, null);
    }
}
