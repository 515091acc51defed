using System.Text.Json;
using System.Text.Json.Nodes;
using EtcdBackupAgent.Objects.Json;
using EtcdBackupAgent.Objects.Kinds;

namespace EtcdBackupAgent.Objects.Masking;

/// <summary>
/// Masks the values of Secrets: those of <c>data</c> and <c>stringData</c>, and those in copies of the whole object
/// that annotations contain, such as <c>kubectl.kubernetes.io/last-applied-configuration</c>, where <c>stringData</c>
/// is in clear.
/// </summary>
public static class SecretMask
{
    /// <summary>What is printed in place of a value.</summary>
    public const string Mask = "***";

    private static readonly string[] ValueFields = ["data", "stringData"];

    /// <summary>True if the values of a kind are masked.</summary>
    public static bool Covers(GroupVersionKind kind) => kind is { Group: "", Kind: "Secret" };

    /// <summary>Masks the values of a Secret, which is changed. Its keys stay.</summary>
    public static void Apply(JsonObject secret)
    {
        MaskValues(secret);
        if (secret["metadata"] is not JsonObject metadata || metadata["annotations"] is not JsonObject annotations)
        {
            return;
        }

        foreach ((string name, JsonNode? value) in annotations.ToArray())
        {
            if (JsonFields.TextOf(value) is { } text && text.AsSpan().TrimStart() is ['{' or '[', ..])
            {
                annotations[name] = MaskCopies(text);
            }
        }
    }

    private static void MaskValues(JsonObject secret)
    {
        foreach (string field in ValueFields)
        {
            if (secret[field] is JsonObject values)
            {
                foreach (string key in values.Select(value => value.Key).ToArray())
                {
                    values[key] = Mask;
                }
            }
            else if (secret[field] is not null)
            {
                secret[field] = Mask;
            }
        }
    }

    /// <summary>
    /// Masks the copies of Secrets in an annotation, however deep they are. A document that cannot be read is masked
    /// whole.
    /// </summary>
    private static string MaskCopies(string text)
    {
        try
        {
            JsonNode? copy = JsonNode.Parse(text);
            string before = copy!.ToJsonString();
            MaskNested(copy);
            string after = copy.ToJsonString();
            return before == after ? text : after;
        }
        catch (Exception e) when (e is JsonException or ArgumentException or InvalidOperationException)
        {
            return Mask;
        }
    }

    private static void MaskNested(JsonNode? node)
    {
        switch (node)
        {
            case JsonObject fields:
                Apply(fields);
                foreach ((_, JsonNode? value) in fields.ToArray())
                {
                    MaskNested(value);
                }

                break;
            case JsonArray items:
                foreach (JsonNode? item in items)
                {
                    MaskNested(item);
                }

                break;
        }
    }
}
