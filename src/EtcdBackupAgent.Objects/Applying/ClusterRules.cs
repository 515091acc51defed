using System.Text.Json.Nodes;
using EtcdBackupAgent.Objects.Json;

namespace EtcdBackupAgent.Objects.Applying;

/// <summary>Namespaces and definitions of custom resources.</summary>
internal static class ClusterRules
{
    private const string KeepsUnknownFields = "x-kubernetes-preserve-unknown-fields";

    public static ApplicableRule[] All { get; } =
    [
        new("namespace-name", "", "Namespace", item =>
            item.Inner("metadata")?.RemoveFrom("labels", "kubernetes.io/metadata.name")),
        new("namespace-finalizers", "", "Namespace", item => item.RemoveFrom("spec", "finalizers")),
        new("definition-unknown-fields", "apiextensions.k8s.io", "CustomResourceDefinition", MoveUnknownFields),
    ];

    /// <summary>
    /// A definition in v1 cannot keep unknown fields as a whole: the schema of each version has a field for it.
    /// </summary>
    private static void MoveUnknownFields(JsonObject definition)
    {
        if (definition.Inner("spec") is not { } spec || !spec.IsTrue("preserveUnknownFields"))
        {
            return;
        }

        spec.Remove("preserveUnknownFields");
        foreach (JsonObject version in spec.Items("versions").OfType<JsonObject>())
        {
            if (version.Inner("schema", "openAPIV3Schema") is not { } schema)
            {
                schema = new JsonObject { ["type"] = "object" };
                version["schema"] = new JsonObject { ["openAPIV3Schema"] = schema };
            }

            schema[KeepsUnknownFields] = true;
        }
    }
}
