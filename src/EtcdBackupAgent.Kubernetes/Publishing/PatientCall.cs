using System.Net;
using System.Text.Json;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Proxies;
using EtcdBackupAgent.Kubernetes.Api;
using EtcdBackupAgent.Kubernetes.Api.Watching;

namespace EtcdBackupAgent.Kubernetes.Publishing;

/// <summary>Asks the API server again and again until it has done something, or the time is up. What is asked must do no
/// harm if it is done twice.</summary>
internal sealed class PatientCall(KubernetesClient client, PublisherLimits limits, TimeProvider time)
{
    /// <param name="action">What is done, for the message.</param>
    /// <param name="call">Does it.</param>
    /// <param name="timeIsUp">When it is given up.</param>
    /// <returns>Null if it was done, else why not: nothing is thrown but what is a bug.</returns>
    public async Task<BackupException?> TryAsync(
        string action, Func<CancellationToken, Task> call, CancellationToken timeIsUp)
    {
        BackOff backOff = new(time, limits.RetryMin, limits.RetryMax);
        Exception why = new TimeoutException("no answer in time");
        try
        {
            while (true)
            {
                try
                {
                    await call(timeIsUp);
                    return null;
                }
                catch (Exception e) when (IsWorthAnother(e))
                {
                    why = e;
                }

                await backOff.WaitAsync(backOff.Next(), timeIsUp);
            }
        }
        catch (OperationCanceledException) when (timeIsUp.IsCancellationRequested)
        {
            return ApiFailure.From(client.Connection, action, why);
        }
        catch (Exception e) when (ApiFailure.IsKnown(e))
        {
            return ApiFailure.From(client.Connection, action, e);
        }
        catch (BackupException e)
        {
            // There are no credentials to ask with.
            return e;
        }
    }

    /// <summary>Whether it may come out otherwise in a while: somebody else was faster, or nobody answered, or the server
    /// has trouble of its own.</summary>
    private static bool IsWorthAnother(Exception e) => e switch
    {
        ApiStatusException status => status.IsConflict || status.IsNotServed || status.Code == HttpStatusCode.TooManyRequests
            || status.Code >= HttpStatusCode.InternalServerError,
        ProxyException proxy => proxy.IsTransient,
        HttpRequestException or IOException or TimeoutException or JsonException => true,
        _ => false,
    };
}
