using System.Security.Cryptography;
using System.Text.Json.Nodes;
using EtcdBackupAgent.Kubernetes.Api;
using EtcdBackupAgent.Kubernetes.Objects;

namespace EtcdBackupAgent.Kubernetes.Publishing;

/// <summary>The two types of events that an API server accepts.</summary>
internal enum EventType
{
    Normal,
    Warning,
}

/// <summary>Writes events, which <c>kubectl get events</c> and <c>kubectl describe</c> show.</summary>
/// <param name="client">The cluster.</param>
/// <param name="instance">The name of the reporting process: the pod's name.</param>
/// <param name="time">The clock.</param>
internal sealed class EventRecorder(KubernetesClient client, string instance, TimeProvider time)
{
    /// <summary>The greatest length of a message that the API server accepts, in characters.</summary>
    public const int MessageLengthMax = 1024;

    /// <summary>Records one event about an object. It throws the exceptions of
    /// <see cref="KubernetesClient"/>.</summary>
    /// <param name="kind">The object's kind, which an item of a list does not contain.</param>
    /// <param name="about">The object.</param>
    /// <param name="type">Whether something is wrong.</param>
    /// <param name="reason">One word in CamelCase.</param>
    /// <param name="message">A sentence for the user; it is cut if it is too long.</param>
    /// <param name="cancellationToken">After a cancelled call, the event may or may not be recorded.</param>
    public Task RecordAsync(
        ResourceKind kind,
        ClusterObject about,
        EventType type,
        string reason,
        string message,
        CancellationToken cancellationToken) =>
        RecordOnceAsync(kind, about, type, reason, message, NewKey(), cancellationToken);

    /// <summary>Returns a new key, which distinguishes an event from others about the same object, for
    /// <see cref="RecordOnceAsync"/>.</summary>
    public static string NewKey() => RandomNumberGenerator.GetHexString(16, lowercase: true);

    /// <summary>Records one event, unless an event with this key was recorded already. It is for a call that may be
    /// repeated because the result of the first call is not known.</summary>
    public async Task RecordOnceAsync(
        ResourceKind kind,
        ClusterObject about,
        EventType type,
        string reason,
        string message,
        string key,
        CancellationToken cancellationToken)
    {
        string ns = about.Namespace;
        string now = StatusTime.Text(time.GetUtcNow());
        JsonObject item = new()
        {
            ["apiVersion"] = ClusterKinds.Event.ApiVersion,
            ["kind"] = ClusterKinds.Event.Kind,
            ["metadata"] = new JsonObject
            {
                ["name"] = $"{about.Name}.{key}",
                ["namespace"] = ns,
            },
            ["involvedObject"] = new JsonObject
            {
                ["apiVersion"] = kind.ApiVersion,
                ["kind"] = kind.Kind,
                ["name"] = about.Name,
                ["namespace"] = ns,
                ["uid"] = about.Uid,
                ["resourceVersion"] = about.ResourceVersion,
            },
            ["type"] = type.ToString(),
            ["reason"] = reason,
            ["message"] = message.Length <= MessageLengthMax ? message : $"{message[..(MessageLengthMax - 1)]}…",
            ["firstTimestamp"] = now,
            ["lastTimestamp"] = now,
            ["count"] = 1,
            ["source"] = new JsonObject { ["component"] = ClusterNames.Component },
            ["reportingComponent"] = ClusterNames.Component,
            ["reportingInstance"] = instance,
        };
        try
        {
            await client.CreateAsync(ClusterKinds.Event, ns, item, cancellationToken);
        }
        catch (ApiStatusException e) when (e.IsAlreadyExists)
        {
            // The first call recorded it.
        }
    }
}
