using System.Text.Json.Nodes;

namespace EtcdBackupAgent.Testing.KubernetesApi;

/// <summary>
/// Plays the namespace controller of a cluster for a namespace that is being deleted. It deletes all objects in it,
/// kind by kind in an unspecified order, and removes the finalizer once the namespace is empty. Source: Kubernetes,
/// <c>pkg/controller/namespace/deletion</c>.
/// </summary>
public sealed class NamespaceDeletion(KubernetesApiServer server, ClusterObjects objects)
{
    /// <summary>Completes the deletion of a namespace.</summary>
    /// <exception cref="TimeoutException">Objects remain; the message lists them.</exception>
    public async Task FinishAsync(string name)
    {
        string remaining = "";
        try
        {
            await TestDeadline.UntilAsync($"namespace {name} to be empty", async () =>
            {
                remaining = "";
                foreach (string path in await PathsAsync(name))
                {
                    await objects.DeleteAsync(path);
                    IReadOnlyList<JsonObject> items = await objects.ListAsync(path);
                    remaining += string.Concat(items.Select(item => $"\n{path}: {item["metadata"]}"));
                }

                return remaining.Length == 0;
            });
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"{e.Message}{remaining}", e);
        }

        await objects.PatchAsync(
            $"api/v1/namespaces/{name}",
            new JsonObject { ["metadata"] = new JsonObject { ["finalizers"] = null } });
    }

    /// <summary>
    /// Returns the collections of the namespace. Secrets come first, so that they are deleted before the objects that
    /// need them.
    /// </summary>
    private async Task<IReadOnlyList<string>> PathsAsync(string name)
    {
        string kinds = await server.KubectlAsync(
            "api-resources", "--namespaced", "--verbs=list,delete", "--no-headers", "-o", "wide");
        return
        [
            .. kinds.Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
                .Select(words => (Plural: words[0], Version: Array.Find(words[1..], IsVersion)!))
                .OrderBy(kind => kind.Plural != "secrets")
                .ThenBy(kind => kind.Plural, StringComparer.Ordinal)
                .Select(kind => kind.Version == "v1"
                    ? $"api/v1/namespaces/{name}/{kind.Plural}"
                    : $"apis/{kind.Version}/namespaces/{name}/{kind.Plural}"),
        ];
    }

    private static bool IsVersion(string word) => word == "v1" || word.Contains('/', StringComparison.Ordinal);
}
