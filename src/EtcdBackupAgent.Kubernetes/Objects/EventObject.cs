using System.Text.Json.Nodes;

namespace EtcdBackupAgent.Kubernetes.Objects;

/// <summary>A <c>v1</c> Event: what a component of Kubernetes reports of another object.</summary>
internal sealed class EventObject(JsonObject json) : ClusterObject(json)
{
    private const string MessageField = "message";

    public bool IsWarning => ObjectFields.Text(Json, "type") == "Warning";

    public string Reason => ObjectFields.Text(Json, "reason") ?? "";

    public string? Message => ObjectFields.Text(Json, MessageField);

    /// <summary>When it last occurred. The newer form of events has separate fields for this.</summary>
    public DateTimeOffset? LastSeen =>
        ObjectFields.Time(Json, "series", "lastObservedTime")
        ?? ObjectFields.Time(Json, "lastTimestamp")
        ?? ObjectFields.Time(Json, "eventTime")
        ?? CreatedAt;

    /// <summary>Returns a copy with another message.</summary>
    public EventObject WithMessage(string message)
    {
        JsonObject copy = (JsonObject)Json.DeepClone();
        copy[MessageField] = message;
        return new EventObject(copy);
    }
}
