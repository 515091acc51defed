using System.Text.Json.Nodes;

namespace EtcdBackupAgent.Testing.KubernetesApi;

/// <summary>Does what a cluster's namespace controller does with a namespace that is being deleted: deletes whatever
/// is in it, kind by kind in an order that nobody may rely on, and lets it go once it is empty. Source: Kubernetes,
/// <c>pkg/controller/namespace/deletion</c>.</summary>
public sealed class NamespaceDeletion(KubernetesApiServer server, ClusterObjects objects)
{
    /// <summary>Deletes a namespace that was deleted, and waits until it is gone.</summary>
    /// <exception cref="TimeoutException">Something stays; the message says what.</exception>
    public async Task FinishAsync(string name)
    {
        string left = "";
        try
        {
            await TestDeadline.UntilAsync($"namespace {name} to be empty", async () =>
            {
                left = "";
                foreach (string path in await PathsAsync(name))
                {
                    await objects.DeleteAsync(path);
                    IReadOnlyList<JsonObject> items = await objects.ListAsync(path);
                    left += string.Concat(items.Select(item => $"\n{path}: {item["metadata"]}"));
                }

                return left.Length == 0;
            });
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"{e.Message}{left}", e);
        }

        await objects.PatchAsync(
            $"api/v1/namespaces/{name}",
            new JsonObject { ["metadata"] = new JsonObject { ["finalizers"] = null } });
    }

    /// <summary>The collections of the namespace, Secrets first: what is needed goes before what needs it.</summary>
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
