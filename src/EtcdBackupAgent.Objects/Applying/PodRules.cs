using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using EtcdBackupAgent.Objects.Json;

namespace EtcdBackupAgent.Objects.Applying;

/// <summary>What the scheduler and admission plugins fill in to a pod.</summary>
internal static partial class PodRules
{
    private static readonly string[] ContainerLists = ["containers", "initContainers"];

    public static ApplicableRule[] All { get; } =
    [
        Rule("pod-node", pod => pod.Inner("spec")?.Remove("nodeName")),
        Rule("pod-priority", pod => pod.Inner("spec")?.Remove("priority")),
        Rule("pod-debugging", pod => pod.Inner("spec")?.Remove("ephemeralContainers")),
        Rule("pod-token-volume", RemoveTokenVolumes),
    ];

    private static ApplicableRule Rule(string name, Action<JsonObject> change) => new(name, "", "Pod", change);

    /// <summary>
    /// A volume with a token of the service account gets another name in each pod; a pod without one gets one.
    /// </summary>
    private static void RemoveTokenVolumes(JsonObject pod)
    {
        if (pod.Inner("spec") is not { } spec)
        {
            return;
        }

        string account = spec.Text("serviceAccountName") ?? "default";
        HashSet<string> names =
        [
            .. spec.Items("volumes").OfType<JsonObject>()
                .Where(volume => IsTokenVolume(volume, account))
                .Select(volume => volume.Text("name")!),
        ];
        spec.RemoveItems("volumes", volume => IsNamed(volume, names));
        foreach (JsonObject container in ContainerLists.SelectMany(list => spec.Items(list)).OfType<JsonObject>())
        {
            container.RemoveItems("volumeMounts", mount => IsNamed(mount, names));
        }
    }

    private static bool IsTokenVolume(JsonObject volume, string account)
    {
        string name = volume.Text("name") ?? "";
        return (volume["projected"] is not null && AccessName().IsMatch(name))
            || (volume["secret"] is not null && AccountRules.IsTokenName(name, account));
    }

    private static bool IsNamed(JsonNode? item, HashSet<string> names) =>
        item is JsonObject named && named.Text("name") is { } name && names.Contains(name);

    [GeneratedRegex(@"^kube-api-access-[a-z0-9]{5}\z", RegexOptions.None, 1000)]
    private static partial Regex AccessName();
}
