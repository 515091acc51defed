using System.Text.Json.Nodes;
using EtcdBackupAgent.Objects.Json;

namespace EtcdBackupAgent.Objects.CustomResources;

/// <summary>
/// Converts definitions from <c>apiextensions.k8s.io/v1beta1</c>, in which API servers store them, to <c>v1</c>, the
/// only version that they serve. The rules are in docs/spec/objects.md.
/// </summary>
public static class DefinitionConversion
{
    private const string StoredVersion = "apiextensions.k8s.io/v1beta1";
    private const string ServedVersion = "apiextensions.k8s.io/v1";

    private static readonly string[] MovedToVersions =
        ["subresources", "additionalPrinterColumns", "selectableFields"];

    /// <summary>Returns the definition in v1. One that is not in v1beta1 is returned as it is.</summary>
    public static JsonObject ToV1(JsonObject stored)
    {
        if (stored.Text("apiVersion") != StoredVersion)
        {
            return stored;
        }

        JsonObject definition = (JsonObject)stored.DeepClone();
        definition["apiVersion"] = ServedVersion;
        if (definition["spec"] is JsonObject spec)
        {
            ConvertVersions(spec);
            ConvertConversion(spec);

            // The default of v1beta1 is true.
            if (spec.Take("preserveUnknownFields") is not JsonValue preserves || preserves.ToJsonString() != "false")
            {
                spec["preserveUnknownFields"] = true;
            }
        }

        return definition;
    }

    /// <summary>Moves what v1beta1 has once for all versions into each of them.</summary>
    private static void ConvertVersions(JsonObject spec)
    {
        string? onlyVersion = JsonFields.TextOf(spec.Take("version"));
        if (spec["versions"] is not JsonArray { Count: > 0 } && onlyVersion is not null)
        {
            spec["versions"] = new JsonArray(
                new JsonObject { ["name"] = onlyVersion, ["served"] = true, ["storage"] = true });
        }

        JsonNode? validation = spec.Take("validation");
        JsonNode?[] moved = [.. MovedToVersions.Select(name => spec.Take(name))];
        foreach (JsonObject version in spec.Items("versions").OfType<JsonObject>())
        {
            if (validation is not null)
            {
                version["schema"] = validation.DeepClone();
            }

            for (int i = 0; i < moved.Length; i++)
            {
                if (moved[i] is { } value)
                {
                    version[MovedToVersions[i]] = value.DeepClone();
                }
            }

            foreach (JsonObject column in version.Items("additionalPrinterColumns").OfType<JsonObject>())
            {
                if (column.Take("JSONPath") is { } path)
                {
                    column["jsonPath"] = path;
                }
            }
        }
    }

    private static void ConvertConversion(JsonObject spec)
    {
        if (spec["conversion"] is not JsonObject conversion)
        {
            return;
        }

        JsonNode? client = conversion.Take("webhookClientConfig");
        JsonNode? versions = conversion.Take("conversionReviewVersions");
        if (client is not null || versions is JsonArray { Count: > 0 })
        {
            JsonObject webhook = new() { ["conversionReviewVersions"] = versions };
            if (client is not null)
            {
                webhook["clientConfig"] = client;
            }

            conversion["webhook"] = webhook;
        }
    }
}
