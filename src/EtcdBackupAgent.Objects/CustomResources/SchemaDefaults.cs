using System.Text.Json.Nodes;

namespace EtcdBackupAgent.Objects.CustomResources;

/// <summary>Adds the defaults of a schema, as an API server does when it reads a custom resource.</summary>
internal static class SchemaDefaults
{
    /// <summary>Sets the absent fields that have a default, and those that are null and must not be.</summary>
    public static void Apply(JsonNode? node, StructuralSchema? schema)
    {
        switch (node)
        {
            case JsonObject fields when schema is not null:
                ApplyTo(fields, schema);
                break;
            case JsonArray items when schema?.Items is { } itemSchema:
                for (int i = 0; i < items.Count; i++)
                {
                    if (itemSchema.Refuses(items[i]))
                    {
                        items[i] = itemSchema.NewDefault();
                    }

                    Apply(items[i], itemSchema);
                }

                break;
        }
    }

    private static void ApplyTo(JsonObject fields, StructuralSchema schema)
    {
        foreach ((string name, StructuralSchema property) in schema.Properties)
        {
            bool isDue = !fields.TryGetPropertyValue(name, out JsonNode? value) || property.Refuses(value);
            if (isDue && property.HasDefault)
            {
                fields[name] = property.NewDefault();
            }
        }

        foreach (string name in fields.Select(field => field.Key).ToArray())
        {
            StructuralSchema? inner = schema.SchemaOf(name);
            if (!schema.Properties.ContainsKey(name) && inner?.Refuses(fields[name]) == true)
            {
                fields[name] = inner.NewDefault();
            }

            Apply(fields[name], inner);
        }
    }
}
