using System.Text.Json.Nodes;
using EtcdBackupAgent.EndToEndTests.Fixtures;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.Processes;
using Xunit;

namespace EtcdBackupAgent.EndToEndTests.Objects;

/// <summary><c>backup --source objects</c> of a real API server, and all verbs that read such a snapshot.</summary>
public sealed class ObjectBackupTests : IDisposable
{
    private readonly TestDirectory _directory = new();

    private string Repository => $"file://{_directory["repository"]}";

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task A_snapshot_of_objects_is_listed_read_verified_restored_to_a_directory_and_into_the_cluster()
    {
        await using RestoreScene scene = await StartAsync();
        string id = await BackUpAsync(scene);

        ToolResult shown = await AgentAsync("show", id);
        Assert.Contains("API server:", shown.StandardOutput, StringComparison.Ordinal);
        Assert.Equal(0, (await AgentAsync("verify", id)).ExitCode);
        ToolResult deep = await AgentAsync("verify", id, "--deep");
        Assert.Equal(0, deep.ExitCode);

        // What is printed is what kubectl prints.
        foreach (string name in new[] { "deployment/deployment-0", "service/service-1", "widget/first" })
        {
            ToolResult got = await AgentAsync("objects", "get", id, name, "-n", "web", "-o", "json");
            Assert.Equal(
                await scene.Server.KubectlAsync("get", name, "-n", "web", "-o", "json"), got.StandardOutput);
        }

        ToolResult live = await AgentAsync(
            "objects", "diff", id, "--live", "configmaps,secrets,deployments,pods,widgets", "-n", "web", "--kubeconfig",
            scene.Server.KubeconfigFile);
        Assert.True(live.ExitCode == 0, live.StandardOutput);

        ToolResult restored = await AgentAsync("restore", id, "--to", _directory["restored"]);
        Assert.Equal(0, restored.ExitCode);
        string[] lines = await File.ReadAllLinesAsync(_directory["restored/objects.jsonl"]);
        Assert.Equal("object-lines", (string?)JsonNode.Parse(lines[0])!["format"]);
        Assert.Equal(lines.Length - 2, (int)JsonNode.Parse(lines[^1])!["end"]!["objects"]!);

        IReadOnlyDictionary<string, string> before = await scene.ContentAsync("web");
        await scene.DeleteNamespaceAsync("web");
        ToolResult back = await AgentAsync(
            "objects", "restore", id, "-n", "web", "--yes", "--kubeconfig", scene.Kubeconfig);
        Assert.Equal(0, back.ExitCode);
        Assert.Equal(
            before.OrderBy(item => item.Key, StringComparer.Ordinal),
            (await scene.ContentAsync("web")).OrderBy(item => item.Key, StringComparer.Ordinal));
    }

    [Fact]
    public async Task Only_what_is_selected_is_backed_up_with_what_it_needs()
    {
        await using RestoreScene scene = await StartAsync();

        string id = await BackUpAsync(scene, "--include-namespaces", "web", "-l", "app=shop");

        JsonObject counts = (JsonObject)Json((await AgentAsync("objects", "list", id, "-o", "json")).StandardOutput)!;
        JsonObject resources = (JsonObject)counts["resources"]!;
        Assert.Equal(4, (int)resources["configmaps"]!);
        Assert.Equal(1, (int)resources["namespaces"]!);
        Assert.Equal(1, (int)resources["widgets.example.com"]!);
        Assert.Equal(1, (int)resources["customresourcedefinitions.apiextensions.k8s.io"]!);
        Assert.All(
            scene.Proxy.Requests.Where(request => request.Verb == "list"),
            request => Assert.Equal("web", request.Namespace));
    }

    [Fact]
    public async Task A_kind_that_may_not_be_listed_is_left_out_with_a_warning_or_fails_the_backup_if_it_is_named()
    {
        await using RestoreScene scene = await StartAsync();
        scene.Proxy.Grants = request => request.Resource != "secrets";

        ToolResult backup = await TryBackUpAsync(scene);
        Assert.Equal(0, backup.ExitCode);
        Assert.Contains("secrets are left out: Cannot list secrets", backup.StandardError, StringComparison.Ordinal);
        Assert.Contains("the Role or ClusterRole must name", backup.StandardError, StringComparison.Ordinal);

        ToolResult named = await TryBackUpAsync(scene, "--include-resources", "secrets,configmaps");
        Assert.NotEqual(0, named.ExitCode);
        Assert.Contains("Cannot list secrets", named.StandardError, StringComparison.Ordinal);
        ToolResult list = await AgentAsync("list", "-o", "json");
        Assert.Single((JsonArray)Json(list.StandardOutput)!);
    }

    private static async Task<RestoreScene> StartAsync()
    {
        RestoreScene scene = await RestoreScene.StartAsync();
        await scene.Server.ApplyAsync(WidgetManifests.Definition);
        await scene.Server.UntilDefinitionsServedAsync();
        await scene.Server.ApplyAsync(WidgetManifests.First);
        await scene.Server.KubectlAsync("label", "widget", "first", "-n", "web", "app=shop");
        return scene;
    }

    private async Task<string> BackUpAsync(RestoreScene scene, params string[] options)
    {
        ToolResult backup = await TryBackUpAsync(scene, [.. options, "-o", "json"]);
        Assert.DoesNotContain("warning", backup.StandardError, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(0, backup.ExitCode);
        return (string)Json(backup.StandardOutput)!["id"]!;
    }

    private async Task<ToolResult> TryBackUpAsync(RestoreScene scene, params string[] options)
    {
        if (!Directory.Exists(_directory["repository"]))
        {
            Assert.Equal(0, (await AgentAsync("init", "--unencrypted")).ExitCode);
        }

        return await AgentAsync(["backup", "--source", "objects", "--kubeconfig", scene.Kubeconfig, .. options]);
    }

    private Task<ToolResult> AgentAsync(params string[] arguments) =>
        Agent.RunAsync([.. arguments, "--repository", Repository]);

    private static JsonNode? Json(string text) => JsonNode.Parse(text);
}
