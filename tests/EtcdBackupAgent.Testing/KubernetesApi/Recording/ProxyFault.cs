using System.Net;

namespace EtcdBackupAgent.Testing.KubernetesApi.Recording;

/// <summary>A fault that a <see cref="RecordingProxy"/> injects into some requests.</summary>
public sealed class ProxyFault
{
    private int _left = int.MaxValue;
    private int _hits;

    /// <summary>Selects the requests; by default all.</summary>
    public Func<ApiRequest, bool> Of { get; init; } = _ => true;

    /// <summary>The status code that the proxy returns instead of the server. If null, the request waits for
    /// <see cref="Hold"/> and is then forwarded.</summary>
    public HttpStatusCode? Answer { get; init; }

    /// <summary>The field that the returned Status names as invalid; null for none.</summary>
    public string? Field { get; init; }

    /// <summary>A request waits for this first. The token is cancelled when the request ends.</summary>
    public Func<CancellationToken, Task>? Hold { get; init; }

    /// <summary>The number of requests that the fault still applies to.</summary>
    public int Times
    {
        get => Volatile.Read(ref _left);
        init => _left = value;
    }

    /// <summary>The number of requests that the fault applied to so far.</summary>
    public int Hits => Volatile.Read(ref _hits);

    /// <summary>Returns whether the fault applies to this request, and counts the request.</summary>
    internal bool AppliesTo(ApiRequest request)
    {
        if (!Of(request))
        {
            return false;
        }

        if (Interlocked.Decrement(ref _left) < 0)
        {
            Interlocked.Increment(ref _left);
            return false;
        }

        Interlocked.Increment(ref _hits);
        return true;
    }
}
