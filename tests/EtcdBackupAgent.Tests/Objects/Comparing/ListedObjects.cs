using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Objects.Comparing;
using EtcdBackupAgent.Objects.Kinds;

namespace EtcdBackupAgent.Tests.Objects.Comparing;

/// <summary>
/// The objects of a cluster in memory, by <c>APIVERSION PLURAL</c>, in the order in which a server lists them: by
/// namespace and name. All others, which it serves too, may not be listed.
/// </summary>
internal sealed class ListedObjects(IReadOnlyDictionary<string, string[]> objects) : ILiveObjects
{
    public string Name => "the cluster";

    /// <summary>What was requested.</summary>
    public List<string> Listed { get; } = [];

    public Task<ServedResources> DiscoverAsync(CancellationToken cancellationToken) => Task.FromResult(
        new ServedResources(
            [
                Served("", "v1", "configmaps", "ConfigMap"),
                Served("", "v1", "secrets", "Secret"),
                Served("autoscaling", "v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler"),
                Served("autoscaling", "v1", "horizontalpodautoscalers", "HorizontalPodAutoscaler"),
            ],
            []));

    public Task<JsonObject?> FindAsync(
        ServedResource resource, string? ns, string name, CancellationToken cancellationToken) =>
        Task.FromResult<JsonObject?>(null);

    public async IAsyncEnumerable<JsonObject> ListAsync(
        ServedResource resource, string? ns, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string requested = $"{resource.ApiVersion} {resource.Name.Resource}";
        Listed.Add(requested);
        if (!objects.TryGetValue(requested, out string[]? items))
        {
            throw new BackupException(FailureReason.KubernetesDenied, $"Cannot list {resource.Name}.");
        }

        foreach (string item in items)
        {
            yield return (JsonObject)JsonNode.Parse(item)!;
        }

        await Task.CompletedTask;
    }

    private static ServedResource Served(string group, string version, string plural, string kind) => new()
    {
        Name = new GroupResource(group, plural),
        Version = version,
        Kind = kind,
        IsNamespaced = true,
        Verbs = ["list"],
    };
}
