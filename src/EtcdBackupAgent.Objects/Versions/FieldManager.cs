using System.Globalization;
using System.Text.Json.Nodes;
using EtcdBackupAgent.Objects.Json;

namespace EtcdBackupAgent.Objects.Versions;

/// <summary>Who wrote an object, according to its <c>metadata.managedFields</c>.</summary>
/// <param name="Name">The name of the manager, such as <c>kubectl-edit</c>.</param>
/// <param name="Operation"><c>Apply</c> or <c>Update</c>.</param>
/// <param name="Subresource">Such as <c>status</c>; null for the object itself.</param>
/// <param name="Time">When it wrote, in whole seconds by the clock of the API server; null if it is missing.</param>
public sealed record FieldManager(string Name, string? Operation, string? Subresource, DateTimeOffset? Time)
{
    /// <summary>
    /// Finds the manager of a version: the newest of the entries that the version before did not have. A write that
    /// changes no entry, such as one of a label that the manager had set already in the same second, has none.
    /// </summary>
    /// <param name="before">The version before; null if there is none.</param>
    /// <param name="document">The version, with its managed fields.</param>
    public static FieldManager? Find(JsonNode? before, JsonNode? document)
    {
        HashSet<string> known = [.. EntriesOf(before).Select(entry => entry.ToJsonString())];
        return EntriesOf(document)
            .Where(entry => !known.Contains(entry.ToJsonString()))
            .Select(Of)
            .OfType<FieldManager>()
            .MaxBy(manager => manager.Time ?? DateTimeOffset.MinValue);
    }

    /// <summary>Such as <c>kubectl-edit (Update)</c>, or <c>kubelet (Update, status)</c>.</summary>
    public override string ToString()
    {
        string[] details = [.. new[] { Operation, Subresource }.OfType<string>()];
        return details.Length == 0 ? Name : $"{Name} ({string.Join(", ", details)})";
    }

    private static IEnumerable<JsonObject> EntriesOf(JsonNode? document) =>
        (document as JsonObject)?["metadata"] is JsonObject metadata
            ? metadata.Items("managedFields").OfType<JsonObject>()
            : [];

    private static FieldManager? Of(JsonObject entry) => entry.Text("manager") is not { } name
        ? null
        : new FieldManager(
            name,
            entry.Text("operation"),
            entry.Text("subresource") is { Length: > 0 } subresource ? subresource : null,
            DateTimeOffset.TryParse(
                entry.Text("time"),
                CultureInfo.InvariantCulture,
                DateTimeStyles.AssumeUniversal,
                out DateTimeOffset time)
                ? time
                : null);
}
