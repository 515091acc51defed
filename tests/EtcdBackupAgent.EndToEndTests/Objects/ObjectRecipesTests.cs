using System.Text;
using EtcdBackupAgent.EndToEndTests.Fixtures;
using EtcdBackupAgent.EndToEndTests.Worker;
using EtcdBackupAgent.Testing;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.KubernetesApi;
using EtcdBackupAgent.Testing.Processes;
using Xunit;

namespace EtcdBackupAgent.EndToEndTests.Objects;

/// <summary>Runs the commands of <c>docs/objects.md</c> unchanged, against the etcd of a real API server.</summary>
public sealed class ObjectRecipesTests : IDisposable
{
    private const string Manifests = """
        apiVersion: v1
        kind: Namespace
        metadata: {name: web}
        ---
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: settings, namespace: web, labels: {app: shop}}
        data: {color: blue}
        ---
        apiVersion: v1
        kind: Secret
        metadata: {name: password, namespace: web, labels: {app: shop}}
        stringData: {password: correct-horse}
        ---
        apiVersion: apiextensions.k8s.io/v1
        kind: CustomResourceDefinition
        metadata: {name: widgets.example.com}
        spec:
          group: example.com
          scope: Namespaced
          names: {plural: widgets, singular: widget, kind: Widget}
          versions:
          - {name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}
        """;

    private const string Widget = """
        apiVersion: example.com/v1
        kind: Widget
        metadata: {name: first, namespace: default}
        """;

    private readonly TestDirectory _directory = new();

    [Fact]
    public async Task The_commands_of_the_page_show_and_restore_what_was_there()
    {
        await using KubernetesApiServer server = await KubernetesApiServer.StartAsync();
        await server.ApplyAsync(Manifests);
        await server.UntilDefinitionsServedAsync();
        await server.ApplyAsync(Widget);
        string expected = await server.KubectlAsync("get", "configmap", "settings", "-n", "web", "-o", "yaml");
        using TestRepository repository = TestRepository.InDirectory();
        string passphrase = _directory.Write("passphrase", "six random words are long enough");
        _ = (await repository.RunAsync("init", "--passphrase-file", passphrase)).Output;
        await using PeerProcess archive = Agent.Start(
            [
                "archive", "--repository", $"file://{repository.DirectoryPath}",
                "--etcd-endpoint", server.Etcd.EndpointList, "--close-every", "1s",
            ]);
        await archive.UntilLoggedAsync("is made for the change log");
        await archive.UntilLoggedAsync("A segment of the change log");
        string moment = await NextMomentAsync();
        await server.KubectlAsync("patch", "cm", "settings", "-n", "web", "-p", """{"data":{"color":"red"}}""");
        await server.Etcd.EtcdctlAsync("snapshot", "save", _directory["etcd.db"]);
        string morning = await NextMomentAsync();
        await archive.StopAsync();
        await DeleteAsync(server);

        string[] commands = await PageCommands.ReadAsync("objects.md", blocks: 15);
        Dictionary<string, string?> environment = new(StringComparer.Ordinal)
        {
            ["REPOSITORY"] = $"file://{repository.DirectoryPath}",
            ["MOMENT"] = moment,
            ["MORNING"] = morning,
            ["KUBECONFIG"] = server.KubeconfigFile,
            ["HOME"] = _directory.Path,
            ["PATH"] = $"{Path.GetDirectoryName(Agent.Path)}:{Path.GetDirectoryName(Peers.Kubectl)}:/usr/bin:/bin",
        };
        StringBuilder shown = new();
        foreach (string block in commands)
        {
            ToolResult run = await Terminal.RunAsync(
                $"bash -euo pipefail {_directory.Write("commands.sh", block)}", [], environment, _directory.Path);
            Assert.True(run.ExitCode == 0, $"{block}\n{run.StandardOutput}");
            shown.Append(Terminal.WithoutCodes(run.StandardOutput));
        }

        string text = shown.ToString();
        Assert.Contains("configmaps", text, StringComparison.Ordinal);
        Assert.Contains("Y29ycmVjdC1ob3JzZQ==", text, StringComparison.Ordinal);
        Assert.Contains(
            """
            ~ configmaps web/settings
                data.color: "blue" -> "red"
            0 added, 0 removed, 1 changed: from snapshot
            """,
            text,
            StringComparison.Ordinal);
        Assert.Matches(
            """
            revision \d+, \S+ \S+Z: changed by kubectl-patch \(Update\)
                data.color: "blue" -> "red"
            revision \d+, \S+ \S+Z: created by kubectl-client-side-apply \(Update\)
            """,
            text);
        Assert.Equal(expected, await File.ReadAllTextAsync(_directory["settings.yaml"]));
        Assert.True(File.Exists(_directory["web/namespaces/web/secrets/password.yaml"]));
        Assert.True(File.Exists(_directory["all/namespaces/web/configmaps/settings.yaml"]));
        Assert.False(File.Exists(_directory["all/namespaces/web/secrets/password.yaml"]));
        Assert.Contains("secret/password configured", text, StringComparison.Ordinal);
        foreach (string ns in new[] { "web", "web-copy" })
        {
            Assert.Equal(
                "configmap/settings\nsecret/password\n",
                await server.KubectlAsync("get", "cm,secrets", "-n", ns, "-o", "name"));
        }

        Assert.Equal("widget.example.com/first\n", await server.KubectlAsync("get", "widgets", "-o", "name"));
    }

    public void Dispose() => _directory.Dispose();

    /// <summary>Loses what the page brings back.</summary>
    private static async Task DeleteAsync(KubernetesApiServer server)
    {
        await server.KubectlAsync("delete", "crd", "widgets.example.com", "--timeout=60s");
        await server.KubectlAsync("delete", "namespace", "web", "--wait=false");
        using ClusterObjects objects = new(server);
        await new NamespaceDeletion(server, objects).FinishAsync("web");
    }

    /// <summary>
    /// A moment in the past of which the log is complete, between two seconds in which nothing is written.
    /// </summary>
    private static async Task<string> NextMomentAsync()
    {
        DateTimeOffset moment = TimeProvider.System.GetUtcNow().AddSeconds(1);
        await TestDeadline.UntilAsync(
            "the next second", () => Task.FromResult(TimeProvider.System.GetUtcNow() > moment.AddSeconds(1)));
        return moment.UtcDateTime.ToString(
            "yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture);
    }
}
