using System.Text.Json.Nodes;
using EtcdBackupAgent.Objects.Json;
using EtcdBackupAgent.Objects.Querying;

namespace EtcdBackupAgent.Objects.Exporting;

/// <summary>The services whose endpoints a controller finds.</summary>
public static class SelectingServices
{
    /// <summary>Returns the namespaces and names of the services that have a selector.</summary>
    /// <param name="space">The objects of the snapshot.</param>
    /// <param name="ns">The namespace; null for all.</param>
    /// <param name="cancellationToken">Cancels the read.</param>
    public static IReadOnlySet<(string Namespace, string Name)> Find(
        ObjectSpace space, string? ns, CancellationToken cancellationToken)
    {
        ObjectSelection services = new()
        {
            Resources = [space.Resolve("services", cancellationToken)],
            Namespace = ns,
        };
        return space.Find(services, cancellationToken)
            .Where(found => !found.Content.Json.IsEmpty
                && ObjectFields.HasSelector(SortedJson.Parse(found.Content.Json.Span) as JsonObject))
            .Select(found => (found.Place.Namespace ?? "", found.Place.Name))
            .ToHashSet();
    }
}
