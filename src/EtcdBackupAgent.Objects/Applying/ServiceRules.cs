using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using EtcdBackupAgent.Objects.Json;

namespace EtcdBackupAgent.Objects.Applying;

/// <summary>The addresses and ports that an API server allocates to a service.</summary>
internal static class ServiceRules
{
    private const string LastApplied = "kubectl.kubernetes.io/last-applied-configuration";

    public static ApplicableRule[] All { get; } =
    [
        new("service-addresses", "", "Service", RemoveAddresses),
        new("service-node-ports", "", "Service", RemoveNodePorts),
    ];

    /// <summary>A headless service stays one.</summary>
    private static void RemoveAddresses(JsonObject service)
    {
        if (service.Inner("spec") is { } spec && spec.Text("clusterIP") != "None")
        {
            spec.Remove("clusterIP");
            spec.Remove("clusterIPs");
        }
    }

    /// <summary>Removes the node ports that no user has chosen, with <c>kubectl apply</c> or otherwise.</summary>
    private static void RemoveNodePorts(JsonObject service)
    {
        if (service.Inner("spec") is not { } spec)
        {
            return;
        }

        JsonObject[] chosen = [.. ChosenSpecs(service)];
        JsonObject[] owned = [.. OwnedSpecs(service)];
        foreach (JsonObject port in spec.Items("ports").OfType<JsonObject>())
        {
            string number = port["port"]?.ToJsonString() ?? "";
            string protocol = port.Text("protocol") ?? "TCP";
            string entry = $$"""k:{"port":{{number}},"protocol":"{{protocol}}"}""";
            bool isChosen = owned.Any(fields => fields.Inner("f:ports", entry)?.ContainsKey("f:nodePort") == true)
                || chosen.SelectMany(applied => applied.Items("ports")).OfType<JsonObject>().Any(applied =>
                    applied.ContainsKey("nodePort")
                    && applied["port"]?.ToJsonString() == number
                    && (applied.Text("protocol") ?? "TCP") == protocol);
            if (!isChosen)
            {
                port.Remove("nodePort");
            }
        }

        if (!owned.Any(fields => fields.ContainsKey("f:healthCheckNodePort"))
            && !chosen.Any(applied => applied.ContainsKey("healthCheckNodePort")))
        {
            spec.Remove("healthCheckNodePort");
        }
    }

    /// <summary>The <c>spec</c> that was last given to <c>kubectl apply</c>.</summary>
    private static IEnumerable<JsonObject> ChosenSpecs(JsonObject service)
    {
        JsonObject? applied = null;
        try
        {
            applied = service.Inner("metadata", "annotations")?.Text(LastApplied) is { } text
                ? SortedJson.Parse(Encoding.UTF8.GetBytes(text)) as JsonObject
                : null;
        }
        catch (JsonException)
        {
            // Not what kubectl writes: nothing was chosen with it.
        }

        return applied?.Inner("spec") is { } spec ? [spec] : [];
    }

    /// <summary>The fields of <c>spec</c> that writers have set. What the server allocates is not among them.</summary>
    private static IEnumerable<JsonObject> OwnedSpecs(JsonObject service) =>
        (service.Inner("metadata")?.Items("managedFields") ?? [])
            .OfType<JsonObject>()
            .Select(entry => entry.Inner("fieldsV1", "f:spec"))
            .OfType<JsonObject>();
}
