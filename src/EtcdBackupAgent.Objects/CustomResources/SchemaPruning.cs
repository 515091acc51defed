using System.Text.Json.Nodes;

namespace EtcdBackupAgent.Objects.CustomResources;

/// <summary>Removes what a schema does not have, as an API server does when it reads a custom resource.</summary>
internal static class SchemaPruning
{
    private static readonly string[] IdentityFields = ["apiVersion", "kind", "metadata"];

    /// <summary>Removes the fields that the schema does not have. Without a schema no field is left.</summary>
    public static void Prune(JsonNode? node, StructuralSchema? schema)
    {
        if (schema is { PreservesUnknownFields: true })
        {
            PruneKnown(node, schema);
            return;
        }

        switch (node)
        {
            case JsonObject fields:
                PruneFields(fields, schema);
                break;
            case JsonArray items:
                foreach (JsonNode? item in items)
                {
                    Prune(item, schema?.Items);
                }

                break;
        }
    }

    /// <summary>Removes nulls where the schema wants a value and has no default.</summary>
    public static void RemoveNulls(JsonNode? node, StructuralSchema? schema)
    {
        switch (node)
        {
            case JsonObject fields:
                foreach ((string name, JsonNode? value) in fields.ToArray())
                {
                    StructuralSchema? inner = schema?.SchemaOf(name);
                    if (inner is { HasDefault: false } && inner.Refuses(value))
                    {
                        fields.Remove(name);
                    }
                    else
                    {
                        RemoveNulls(value, inner);
                    }
                }

                break;
            case JsonArray items:
                foreach (JsonNode? item in items)
                {
                    RemoveNulls(item, schema?.Items);
                }

                break;
        }
    }

    private static void PruneFields(JsonObject fields, StructuralSchema? schema)
    {
        if (schema is null)
        {
            fields.Clear();
            return;
        }

        foreach ((string name, JsonNode? value) in fields.ToArray())
        {
            if (schema.IsEmbeddedResource && IdentityFields.Contains(name))
            {
                continue;
            }

            if (schema.Properties.ContainsKey(name) || schema.HasAdditionalProperties)
            {
                Prune(value, schema.SchemaOf(name));
            }
            else
            {
                fields.Remove(name);
            }
        }
    }

    /// <summary>Prunes only below the fields that the schema has, and keeps all others whole.</summary>
    private static void PruneKnown(JsonNode? node, StructuralSchema? schema)
    {
        if (schema is null)
        {
            return;
        }

        switch (node)
        {
            case JsonObject fields:
                foreach ((string name, JsonNode? value) in fields.ToArray())
                {
                    bool isIdentity = schema.IsEmbeddedResource && IdentityFields.Contains(name);
                    if (!isIdentity && (schema.Properties.ContainsKey(name) || schema.HasAdditionalProperties))
                    {
                        Prune(value, schema.SchemaOf(name));
                    }
                }

                break;
            case JsonArray items:
                foreach (JsonNode? item in items)
                {
                    PruneKnown(item, schema.Items);
                }

                break;
        }
    }
}
