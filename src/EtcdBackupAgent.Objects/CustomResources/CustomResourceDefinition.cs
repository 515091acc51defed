using System.Text.Json.Nodes;
using EtcdBackupAgent.Objects.Json;
using EtcdBackupAgent.Objects.Kinds;

namespace EtcdBackupAgent.Objects.CustomResources;

/// <summary>The definition of a custom resource, as far as it decides how its objects are read.</summary>
public sealed record CustomResourceDefinition
{
    public required GroupResource Name { get; init; }

    public required string Kind { get; init; }

    public required string Singular { get; init; }

    public required IReadOnlyList<string> ShortNames { get; init; }

    public required bool IsNamespaced { get; init; }

    public required IReadOnlyList<CustomResourceVersion> Versions { get; init; }

    /// <summary>Objects are converted by a webhook of the cluster, and so only there.</summary>
    public required bool HasConversionWebhook { get; init; }

    /// <summary>Fields that no schema has are kept: <c>spec.preserveUnknownFields</c>.</summary>
    public required bool PreservesUnknownFields { get; init; }

    /// <summary>The version that kubectl shows: the most stable and newest of those that are served.</summary>
    public string? PreferredVersion => Versions.Where(version => version.IsServed)
        .Select(version => version.Name)
        .Order(KubeVersion.PreferredFirst)
        .FirstOrDefault();

    /// <summary>Returns the version in which objects are shown; null if the definition has none.</summary>
    /// <param name="asStored">Whether no object is converted. With a webhook none is in any case.</param>
    public CustomResourceVersion? ShownVersion(bool asStored) => Versions.FirstOrDefault(
        version => asStored || HasConversionWebhook ? version.IsStored : version.Name == PreferredVersion);

    /// <summary>Reads a definition, as it is stored or as the API shows it; null for another document.</summary>
    public static CustomResourceDefinition? Read(JsonObject document)
    {
        JsonObject definition = DefinitionConversion.ToV1(document);
        if (definition["spec"] is not JsonObject spec || spec["names"] is not JsonObject names
            || spec.Text("group") is not { } group || names.Text("plural") is not { } plural
            || names.Text("kind") is not { } kind)
        {
            return null;
        }

        return new CustomResourceDefinition
        {
            Name = new GroupResource(group, plural),
            Kind = kind,
            Singular = names.Text("singular") ?? kind.ToLowerInvariant(),
            ShortNames = [.. names.Items("shortNames").Select(JsonFields.TextOf).OfType<string>()],
            IsNamespaced = spec.Text("scope") != "Cluster",
            Versions = [.. spec.Items("versions").OfType<JsonObject>().Select(CustomResourceVersion.Read)],
            HasConversionWebhook = (spec["conversion"] as JsonObject)?.Text("strategy") == "Webhook",
            PreservesUnknownFields = spec.IsTrue("preserveUnknownFields"),
        };
    }
}

/// <summary>One version of a custom resource.</summary>
public sealed record CustomResourceVersion
{
    public required string Name { get; init; }

    public required bool IsServed { get; init; }

    public required bool IsStored { get; init; }

    /// <summary>The columns of a list; null if the definition has none.</summary>
    public JsonArray? PrinterColumns { get; init; }

    internal StructuralSchema? Schema { get; init; }

    internal static CustomResourceVersion Read(JsonObject version) => new()
    {
        Name = version.Text("name") ?? "",
        IsServed = version.IsTrue("served"),
        IsStored = version.IsTrue("storage"),
        PrinterColumns = version["additionalPrinterColumns"] as JsonArray,
        Schema = (version["schema"] as JsonObject)?["openAPIV3Schema"] is JsonObject schema
            ? StructuralSchema.Read(schema)
            : null,
    };
}
