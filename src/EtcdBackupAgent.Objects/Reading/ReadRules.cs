using System.Text.Json.Nodes;
using EtcdBackupAgent.Objects.Json;
using EtcdBackupAgent.Objects.Kinds;

namespace EtcdBackupAgent.Objects.Reading;

/// <summary>
/// What an API server changes when it reads an object of its own version: the rules by name. Defaults that newer
/// versions add to objects of older ones are not among them. The list is in docs/spec/objects.md.
/// </summary>
public static class ReadRules
{
    private static readonly Dictionary<(string Group, string Kind), ReadRule> Rules =
        new ReadRule[]
        {
            new("claim-phase", "", "PersistentVolumeClaim", SetClaimPhase),
            new("claim-template-kind", "apps", "StatefulSet", SetClaimTemplateKinds),
            new("job-labels", "batch", "Job", SetJobLabels),
        }.ToDictionary(rule => (rule.Group, rule.Kind));

    /// <summary>The names of the rules.</summary>
    public static IEnumerable<string> Names => Rules.Values.Select(rule => rule.Name);

    /// <summary>True if a rule changes objects of a kind.</summary>
    public static bool Cover(GroupVersionKind kind) => Rules.ContainsKey((kind.Group, kind.Kind));

    /// <summary>Changes an object as the API server does when it reads it.</summary>
    public static void Apply(GroupVersionKind kind, JsonObject document)
    {
        if (Rules.TryGetValue((kind.Group, kind.Kind), out ReadRule? rule))
        {
            rule.Change(document);
        }
    }

    /// <summary>A claim without a phase is pending.</summary>
    private static void SetClaimPhase(JsonObject claim)
    {
        if (claim["status"] is not JsonObject status)
        {
            claim["status"] = status = [];
        }

        if (string.IsNullOrEmpty(status.Text("phase")))
        {
            status["phase"] = "Pending";
        }
    }

    /// <summary>The templates of claims are stored without a kind.</summary>
    private static void SetClaimTemplateKinds(JsonObject statefulSet)
    {
        IEnumerable<JsonNode?> templates =
            (statefulSet["spec"] as JsonObject)?.Items("volumeClaimTemplates") ?? [];
        foreach (JsonObject template in templates.OfType<JsonObject>())
        {
            template["apiVersion"] = "v1";
            template["kind"] = "PersistentVolumeClaim";
            SetClaimPhase(template);
        }
    }

    /// <summary>A job without labels has those of its pods.</summary>
    private static void SetJobLabels(JsonObject job)
    {
        bool hasLabels = job["metadata"] is JsonObject { } metadata && metadata["labels"] is JsonObject { Count: > 0 };
        JsonNode? labels = ((job["spec"] as JsonObject)?["template"] as JsonObject)?["metadata"]?["labels"];
        if (!hasLabels && labels is JsonObject { Count: > 0 } && job["metadata"] is JsonObject target)
        {
            target["labels"] = labels.DeepClone();
        }
    }

    private sealed record ReadRule(string Name, string Group, string Kind, Action<JsonObject> Change);
}
