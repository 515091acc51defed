namespace EtcdBackupAgent.Testing.KubernetesApi.Pods;

/// <summary>The source of the value of an environment variable.</summary>
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
/// <param name="Source">The source of its value.</param>
/// <param name="Value">The value, the key, or the path of the field.</param>
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
        fields.RequireAllRead();
        if (value?.Contains("$(", StringComparison.Ordinal) == true)
        {
            throw fields.Invalid("value", "contains '$(', which Kubernetes expands");
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
                throw from.Invalid(kind, "is a source that the pod runner of the tests does not support");
        }

        part.RequireAllRead();
        return variable;
    }
}
