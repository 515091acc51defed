using System.Text.Json.Nodes;

namespace EtcdBackupAgent.Kubernetes.Objects;

/// <summary><c>status.conditions</c>: what is true of an object, for <c>kubectl wait</c>. Source: "Typical status
/// properties" in Kubernetes' API conventions.</summary>
/// <param name="status">The status, which <see cref="Set"/> changes.</param>
internal sealed class StatusConditions(JsonObject status)
{
    /// <summary>The object is right, and the agent does what it says.</summary>
    public const string Ready = "Ready";

    /// <summary>Of a policy: the last backup came to its end, and passed its verification if it asks for one.</summary>
    public const string BackupSucceeded = "BackupSucceeded";

    /// <summary>Of a policy or a restore: no pod that was made for it is kept from starting. Absent while none ever
    /// was.</summary>
    public const string PodStarted = "PodStarted";

    private const string List = "conditions";
    private const string TypeField = "type";
    private const string StatusField = "status";
    private const string ReasonField = "reason";
    private const string MessageField = "message";
    private const string TransitionField = "lastTransitionTime";
    private const string True = "True";
    private const string False = "False";

    /// <summary>Sets one condition; the time of its last transition stays where the condition's status is the
    /// same.</summary>
    public void Set(
        string type, bool holds, string reason, string message, long generation, DateTimeOffset now)
    {
        if (status[List] is not JsonArray conditions)
        {
            status[List] = conditions = [];
        }

        JsonObject? before = Find(type);
        string text = holds ? True : False;
        string since = before is not null && ObjectFields.Text(before, StatusField) == text
            && ObjectFields.Text(before, TransitionField) is { } kept
                ? kept
                : StatusTime.Text(now);
        JsonObject condition = new()
        {
            [TypeField] = type,
            [StatusField] = text,
            [ReasonField] = reason,
            [MessageField] = message,
            ["observedGeneration"] = generation,
            [TransitionField] = since,
        };
        if (before is null)
        {
            conditions.Add((JsonNode)condition);
        }
        else
        {
            conditions[conditions.IndexOf(before)] = condition;
        }
    }

    /// <summary>Whether a condition is <c>True</c>; false if it is absent.</summary>
    public bool Holds(string type) => ObjectFields.Text(Find(type), StatusField) == True;

    /// <summary>Whether a condition is <c>False</c>; false if it is absent.</summary>
    public bool Fails(string type) => ObjectFields.Text(Find(type), StatusField) == False;

    /// <summary>The sentence of a condition; null if it is absent.</summary>
    public string? Message(string type) => ObjectFields.Text(Find(type), MessageField);

    /// <summary>The one word of a condition; null if it is absent.</summary>
    public string? Reason(string type) => ObjectFields.Text(Find(type), ReasonField);

    /// <summary>Since when a condition is as it is; null if it is absent.</summary>
    public DateTimeOffset? Since(string type) => ObjectFields.Time(Find(type), TransitionField);

    private JsonObject? Find(string type) =>
        ObjectFields.Objects(status, List).FirstOrDefault(c => ObjectFields.Text(c, TypeField) == type);
}
