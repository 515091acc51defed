using System.Text.Json.Nodes;
using EtcdBackupAgent.Objects.Json;
using EtcdBackupAgent.Objects.Kinds;

namespace EtcdBackupAgent.Objects.CustomResources;

/// <summary>How far a custom resource is what the API server would show.</summary>
public enum CustomResourceForm
{
    /// <summary>In the preferred version, pruned and with its defaults.</summary>
    AsServed,

    /// <summary>In the stored version: only a webhook of the cluster converts it into the preferred one.</summary>
    NeedsWebhook,

    /// <summary>As it is stored: its definition, or the version in it, is missing.</summary>
    WithoutDefinition,
}

/// <summary>
/// Reads a stored custom resource as an API server does, by its definition.
/// </summary>
/// <remarks>
/// 1. Prune by the schema of the stored version, and read the metadata.
/// 2. Add the defaults of the stored version.
/// 3. Convert to the preferred version, which changes only the apiVersion unless there is a webhook.
/// 4. Prune by the schema of the preferred version.
/// </remarks>
public static class CustomResourceReader
{
    /// <summary>Reads an object, which is changed.</summary>
    /// <param name="stored">The object as it is stored.</param>
    /// <param name="definition">Its definition of the same revision; null if there is none.</param>
    public static CustomResourceForm Read(JsonObject stored, CustomResourceDefinition? definition)
    {
        string apiVersion = stored.Text("apiVersion") ?? "";
        GroupVersionKind kind = new(apiVersion, stored.Text("kind") ?? "");
        CustomResourceVersion? version = definition?.Versions.FirstOrDefault(one => one.Name == kind.Version);
        if (definition is null || version is null || definition.Name.Group != kind.Group
            || definition.Kind != kind.Kind)
        {
            return CustomResourceForm.WithoutDefinition;
        }

        // 1
        Coerce(stored, definition, version);

        // 2
        SchemaDefaults.Apply(stored, version.Schema);

        // 3
        string preferred = definition.PreferredVersion ?? kind.Version;
        if (preferred == kind.Version)
        {
            return CustomResourceForm.AsServed;
        }

        if (definition.HasConversionWebhook)
        {
            return CustomResourceForm.NeedsWebhook;
        }

        stored["apiVersion"] = $"{kind.Group}/{preferred}";

        // 4
        Coerce(stored, definition, definition.Versions.First(one => one.Name == preferred));
        return CustomResourceForm.AsServed;
    }

    private static void Coerce(JsonObject stored, CustomResourceDefinition definition, CustomResourceVersion version)
    {
        if (!definition.PreservesUnknownFields)
        {
            SchemaPruning.Prune(stored, version.Schema?.AsRoot() ?? StructuralSchema.EmptyRoot);
            SchemaPruning.RemoveNulls(stored, version.Schema);
        }

        TypedMetadata.ReadEmbedded(stored, version.Schema);
        if (stored.TryGetPropertyValue("metadata", out JsonNode? metadata) && metadata is null or JsonObject)
        {
            JsonObject typed = TypedMetadata.Read(metadata as JsonObject ?? []);
            typed.TryAdd("generation", 1);
            stored["metadata"] = typed;
        }
    }
}
