using System.Text.Json.Nodes;

namespace EtcdBackupAgent.Objects.Modifying;

/// <summary>Applies a JSON Merge Patch (RFC 7386): objects are merged, null removes, everything else
/// replaces.</summary>
public static class MergePatch
{
    /// <summary>Changes a document.</summary>
    public static void Apply(JsonObject document, JsonObject patch)
    {
        foreach ((string name, JsonNode? value) in patch)
        {
            if (value is null)
            {
                document.Remove(name);
            }
            else if (value is JsonObject inner)
            {
                if (document[name] is not JsonObject target)
                {
                    document[name] = target = [];
                }

                Apply(target, inner);
            }
            else
            {
                document[name] = value.DeepClone();
            }
        }
    }
}
