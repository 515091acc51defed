using System.Text.Json.Nodes;
using EtcdBackupAgent.Objects.CustomResources;
using EtcdBackupAgent.Objects.Json;
using EtcdBackupAgent.Objects.JsonPaths;

namespace EtcdBackupAgent.Objects.Printing;

/// <summary>
/// The columns of custom resources, as the API server makes them from <c>additionalPrinterColumns</c> of the
/// definition. Source: <c>k8s.io/apiextensions-apiserver/pkg/registry/customresource/tableconvertor</c>
/// </summary>
internal static class PrinterColumns
{
    private static readonly PrinterColumn Age =
        new("Age", "date", JsonPath.Parse(".metadata.creationTimestamp")!, Priority: 0);

    /// <summary>Returns the columns after the name.</summary>
    /// <param name="version">The version that the objects are shown in; null if the definition has none.</param>
    /// <param name="isWide">Whether columns with a priority are wanted too.</param>
    public static IReadOnlyList<ObjectColumn> Of(CustomResourceVersion? version, bool isWide) =>
    [
        .. Read(version?.PrinterColumns ?? [])
            .Where(column => isWide || column.Priority == 0)
            .Select(column => new ObjectColumn(column.Name.ToUpperInvariant(), column.Text)),
    ];

    /// <summary>
    /// Reads the columns of a definition. After one whose path is invalid no more are shown; without any column there
    /// is the age.
    /// </summary>
    private static IEnumerable<PrinterColumn> Read(JsonArray columns)
    {
        if (columns.Count == 0)
        {
            yield return Age;
        }

        foreach (JsonObject column in columns.OfType<JsonObject>())
        {
            if (JsonPath.Parse(column.Text("jsonPath") ?? "") is not { } path)
            {
                yield break;
            }

            yield return new PrinterColumn(
                column.Text("name") ?? "", column.Text("type") ?? "", path, PriorityOf(column["priority"]));
        }
    }

    private static int PriorityOf(JsonNode? priority) =>
        priority is JsonValue value && value.TryGetValue(out int number) ? number : 0;
}
