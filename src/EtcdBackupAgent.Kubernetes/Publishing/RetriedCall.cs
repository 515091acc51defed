using System.Net;
using System.Text.Json;
using EtcdBackupAgent.Core.Deadlines;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Proxies;
using EtcdBackupAgent.Kubernetes.Api;

namespace EtcdBackupAgent.Kubernetes.Publishing;

/// <summary>Repeats a request to the API server until it succeeds or the time is up. The request must do no harm if it
/// is executed twice.</summary>
internal sealed class RetriedCall(KubernetesClient client, PublisherLimits limits, TimeProvider time)
{
    /// <param name="action">The action, for the message.</param>
    /// <param name="call">Executes the action.</param>
    /// <param name="timeIsUp">Cancelled when the time is up.</param>
    /// <returns>Null if the action succeeded, otherwise the reason of the failure. It throws only on a bug.</returns>
    public async Task<BackupException?> TryAsync(
        string action, Func<CancellationToken, Task> call, CancellationToken timeIsUp)
    {
        BackOff backOff = new(time, limits.RetryMin, limits.RetryMax);
        Exception lastError = new TimeoutException("no response in time");
        try
        {
            while (true)
            {
                try
                {
                    await call(timeIsUp);
                    return null;
                }
                catch (Exception e) when (IsTransient(e))
                {
                    lastError = e;
                }

                await backOff.WaitAsync(backOff.Next(), timeIsUp);
            }
        }
        catch (OperationCanceledException) when (timeIsUp.IsCancellationRequested)
        {
            return ApiFailure.From(client.Connection, action, lastError);
        }
        catch (Exception e) when (ApiFailure.IsKnown(e))
        {
            return ApiFailure.From(client.Connection, action, e);
        }
        catch (BackupException e)
        {
            // There are no credentials for the request.
            return e;
        }
    }

    /// <summary>Whether a later attempt may succeed: another writer changed the object first, the server did not
    /// respond, or the server has a problem of its own.</summary>
    private static bool IsTransient(Exception e) =>
        e switch
        {
            ApiStatusException status => status.IsConflict
                || status.IsNotServed
                || status.Code == HttpStatusCode.TooManyRequests
                || status.Code >= HttpStatusCode.InternalServerError,
            ProxyException proxy => proxy.IsTransient,
            HttpRequestException or IOException or TimeoutException or JsonException => true,
            _ => false,
        };
}
