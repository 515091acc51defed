using System.Text.Json.Nodes;

namespace EtcdBackupAgent.Kubernetes.Objects;

/// <summary>The conditions of an object (<c>status.conditions</c>), for <c>kubectl wait</c>. Source: "Typical status
/// properties" in Kubernetes' API conventions.</summary>
/// <param name="status">The status, which <see cref="Set"/> changes.</param>
internal sealed class StatusConditions(JsonObject status)
{
    /// <summary>The object is valid, and the agent does what it specifies.</summary>
    public const string Ready = "Ready";

    /// <summary>Of a policy: the last backup completed, and passed its verification if the policy requires
    /// one.</summary>
    public const string BackupSucceeded = "BackupSucceeded";

    /// <summary>Of a policy or a restore: the start of none of its pods is delayed. Absent as long as no start was ever
    /// delayed.</summary>
    public const string PodStarted = "PodStarted";

    /// <summary>Of a policy with <c>beforeUpgrade</c>: the watched field can be read, so that a change of it makes a
    /// backup.</summary>
    public const string UpgradeWatched = "UpgradeWatched";

    private const string List = "conditions";
    private const string TypeField = "type";
    private const string StatusField = "status";
    private const string ReasonField = "reason";
    private const string MessageField = "message";
    private const string TransitionField = "lastTransitionTime";
    private const string True = "True";
    private const string False = "False";

    /// <summary>Sets one condition. If its status does not change, the time of the last transition stays the
    /// same.</summary>
    public void Set(
        string type, bool isTrue, string reason, string message, long generation, DateTimeOffset now)
    {
        if (status[List] is not JsonArray conditions)
        {
            status[List] = conditions = [];
        }

        JsonObject? before = Find(type);
        string text = isTrue ? True : False;
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

    /// <summary>Removes a condition, if it is there.</summary>
    public void Remove(string type)
    {
        if (Find(type) is { } condition)
        {
            ((JsonArray)condition.Parent!).Remove(condition);
        }
    }

    /// <summary>Whether there is such a condition.</summary>
    public bool Has(string type) => Find(type) is not null;

    /// <summary>Whether a condition is <c>True</c>; false if it is absent.</summary>
    public bool IsTrue(string type) => ObjectFields.Text(Find(type), StatusField) == True;

    /// <summary>Whether a condition is <c>False</c>; false if it is absent.</summary>
    public bool IsFalse(string type) => ObjectFields.Text(Find(type), StatusField) == False;

    /// <summary>Returns the message of a condition; null if it is absent.</summary>
    public string? Message(string type) => ObjectFields.Text(Find(type), MessageField);

    /// <summary>Returns the reason of a condition; null if it is absent.</summary>
    public string? Reason(string type) => ObjectFields.Text(Find(type), ReasonField);

    /// <summary>Returns the time of the last transition of a condition; null if it is absent.</summary>
    public DateTimeOffset? Since(string type) => ObjectFields.Time(Find(type), TransitionField);

    private JsonObject? Find(string type) =>
        ObjectFields.Objects(status, List).FirstOrDefault(c => ObjectFields.Text(c, TypeField) == type);
}
