using System.Net;

namespace EtcdBackupAgent.Testing.KubernetesApi.Recording;

/// <summary>How some requests go wrong that pass a <see cref="RecordingProxy"/>.</summary>
public sealed class ProxyFault
{
    private int _left = int.MaxValue;
    private int _hits;

    /// <summary>Which ones; all, unless said.</summary>
    public Func<ApiRequest, bool> Of { get; init; } = _ => true;

    /// <summary>Answered in place of the server, with a Status of this code; null: the request waits for
    /// <see cref="Hold"/> and goes on.</summary>
    public HttpStatusCode? Answer { get; init; }

    /// <summary>The field that the Status names as invalid; null if it names none.</summary>
    public string? Field { get; init; }

    /// <summary>What a request waits for first; it gets the end of the request.</summary>
    public Func<CancellationToken, Task>? Hold { get; init; }

    /// <summary>For how many requests from now on.</summary>
    public int Times
    {
        get => Volatile.Read(ref _left);
        init => _left = value;
    }

    /// <summary>How many it was for so far.</summary>
    public int Hits => Volatile.Read(ref _hits);

    /// <summary>Whether it is this request's turn.</summary>
    internal bool Takes(ApiRequest request)
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
