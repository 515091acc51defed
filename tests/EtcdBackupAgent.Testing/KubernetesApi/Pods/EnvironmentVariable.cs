namespace EtcdBackupAgent.Testing.KubernetesApi.Pods;

/// <summary>Where the value of a container's environment variable comes from.</summary>
internal enum EnvironmentSource
{
    Value,

    /// <summary>A key of a Secret.</summary>
    Secret,

    /// <summary>A key of a ConfigMap.</summary>
    ConfigMap,

    /// <summary>A field of the pod.</summary>
    Field,
}

/// <summary>A variable of a container's environment.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Source">Where its value comes from.</param>
/// <param name="Value">The value, or the key, or the field's path.</param>
/// <param name="Object">The name of the Secret or ConfigMap.</param>
/// <param name="IsOptional">Whether the object or its key may be missing.</param>
internal sealed record EnvironmentVariable(
    string Name, EnvironmentSource Source, string Value, string Object = "", bool IsOptional = false)
{
    public static EnvironmentVariable Read(TemplateFields fields)
    {
        string name = fields.Required("name");
        string? value = fields.Text("value");
        TemplateFields? from = fields.Part("valueFrom");
        fields.End();
        if (value?.Contains("$(", StringComparison.Ordinal) == true)
        {
            throw fields.Wrong("value", "would be expanded");
        }

        return from is null ? new EnvironmentVariable(name, EnvironmentSource.Value, value ?? "") : From(name, from);
    }

    private static EnvironmentVariable From(string name, TemplateFields from)
    {
        (string kind, TemplateFields part) = from.Choice();
        EnvironmentVariable variable;
        switch (kind)
        {
            case "secretKeyRef":
            case "configMapKeyRef":
                variable = new EnvironmentVariable(
                    name,
                    kind == "secretKeyRef" ? EnvironmentSource.Secret : EnvironmentSource.ConfigMap,
                    part.Required("key"),
                    part.Required("name"),
                    part.Flag("optional"));
                break;
            case "fieldRef":
                part.Only("apiVersion", null, "v1");
                part.Only("fieldPath", "metadata.name", "metadata.namespace");
                variable = new EnvironmentVariable(name, EnvironmentSource.Field, part.Required("fieldPath"));
                break;
            default:
                throw from.Wrong(kind, "is a source that the tests' pod runner does not know");
        }

        part.End();
        return variable;
    }
}
