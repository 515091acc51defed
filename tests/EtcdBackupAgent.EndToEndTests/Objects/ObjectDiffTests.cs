using System.Text.Json;
using EtcdBackupAgent.EndToEndTests.Fixtures;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.KubernetesApi;
using EtcdBackupAgent.Testing.Processes;
using Xunit;

namespace EtcdBackupAgent.EndToEndTests.Objects;

/// <summary>The differences between two states of the etcd behind a real API server.</summary>
public sealed class ObjectDiffTests : IAsyncLifetime, IDisposable
{
    private const string Before = """
        apiVersion: v1
        kind: Namespace
        metadata: {name: web}
        ---
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: settings, namespace: web, labels: {app: shop}}
        data:
          color: blue
          app.conf: |
            one
            two
            three
        ---
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: again, namespace: web}
        data: {k: v}
        ---
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: lost, namespace: web}
        ---
        apiVersion: v1
        kind: Secret
        metadata: {name: password, namespace: web}
        stringData: {password: correct-horse, user: shop}
        """;

    private const string After = """
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: settings, namespace: web, labels: {app: shop}}
        data:
          color: red
          app.conf: |
            one
            2
            three
        ---
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: new, namespace: web}
        ---
        apiVersion: v1
        kind: Secret
        metadata: {name: password, namespace: web}
        stringData: {password: battery-staple, user: shop}
        ---
        apiVersion: example.com/v1
        kind: Widget
        metadata: {name: first, namespace: web}
        spec: {color: red, size: 5}
        """;

    private readonly TestDirectory _directory = new();
    private KubernetesApiServer _server = null!;

    public async Task InitializeAsync()
    {
        _server = await KubernetesApiServer.StartAsync();
        await _server.ApplyAsync(Before);
        await _server.ApplyAsync(WidgetManifests.Definition);
        await _server.UntilDefinitionsServedAsync();
        await _server.ApplyAsync(WidgetManifests.First);
        await _server.Etcd.EtcdctlAsync("snapshot", "save", _directory["before.db"]);
        await _server.ApplyAsync(After);
        await _server.KubectlAsync("delete", "cm", "lost", "again", "-n", "web");
        await _server.KubectlAsync("create", "cm", "again", "-n", "web", "--from-literal=k=v");
        await _server.Etcd.EtcdctlAsync("snapshot", "save", _directory["after.db"]);
    }

    public async Task DisposeAsync() => await _server.DisposeAsync();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Objects_and_fields_that_differ_are_shown_and_nothing_else()
    {
        ToolResult diff = await RunAsync("-n", "web");

        Assert.Equal("", diff.StandardError);
        Assert.Equal(1, diff.ExitCode);
        Assert.Equal(
            """
            ~ configmaps web/again (deleted and created again)
            - configmaps web/lost
            + configmaps web/new
            ~ configmaps web/settings
                data["app.conf"]:
                  @@ -1,3 +1,3 @@
                   one
                  -two
                  +2
                   three
                data.color: "blue" -> "red"
            ~ widgets.example.com web/first
                spec.size: 3 -> 5
            ~ secrets web/password
                data.password: *** -> ***
            """,
            string.Join('\n', diff.StandardOutput.Split('\n')[..^2]));
        Assert.Matches(
            @"1 added, 1 removed, 4 changed: from \S+before\.db \(revision \d+\) to \S+after\.db \(revision \d+\)\.",
            diff.StandardOutput.Split('\n')[^2]);
    }

    [Theory]
    [InlineData("", false)]
    [InlineData("-o json", false)]
    [InlineData("-o yaml --include all", false)]
    [InlineData("-o json --include metadata,managed-fields", false)]
    [InlineData("--include all", false)]
    [InlineData("-o json --show-secrets", true)]
    public async Task The_value_of_a_secret_is_shown_only_if_it_is_asked_for(string options, bool isShown)
    {
        string output = (await RunAsync(["secrets", .. options.Split(' ', StringSplitOptions.RemoveEmptyEntries)]))
            .StandardOutput;

        Assert.Contains("data.password", output, StringComparison.Ordinal);
        foreach (string text in new[] { "correct-horse", "battery-staple" })
        {
            string encoded = Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(text));
            Assert.DoesNotContain(text, output, StringComparison.Ordinal);
            Assert.Equal(isShown, output.Contains(encoded, StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task A_document_has_both_sides_the_changes_and_the_counts()
    {
        using JsonDocument document = JsonDocument.Parse((await RunAsync("cm,wd", "-o", "json")).StandardOutput);

        JsonElement root = document.RootElement;
        Assert.EndsWith("before.db", root.GetProperty("old").GetProperty("name").GetString(), StringComparison.Ordinal);
        Assert.True(
            root.GetProperty("old").GetProperty("revision").GetInt64()
            < root.GetProperty("new").GetProperty("revision").GetInt64());
        Assert.Equal(
            ["changed again", "removed lost", "added new", "changed settings", "changed first"],
            root.GetProperty("changes").EnumerateArray().Select(
                change => $"{change.GetProperty("change").GetString()} {change.GetProperty("name").GetString()}"));
        Assert.Equal(3, root.GetProperty("counts").GetProperty("changed").GetInt32());
        JsonElement widget = root.GetProperty("changes")[4];
        Assert.Equal("widgets.example.com", widget.GetProperty("resource").GetString());
        Assert.Equal(
            """{"change":"changed","path":"spec.size","old":3,"new":5}""",
            JsonSerializer.Serialize(widget.GetProperty("fields")[0]));
    }

    [Theory]
    [InlineData("cm/settings", 1, "configmap/settings\n")]
    [InlineData("cm -l app=shop", 1, "configmap/settings\n")]
    [InlineData("cm settings lost", 1, "configmap/lost\nconfigmap/settings\n")]
    [InlineData("namespaces", 0, "")]
    [InlineData("cm -n default", 0, "")]
    [InlineData("cm --field-selector metadata.name=new", 1, "configmap/new\n")]
    public async Task A_selection_limits_what_is_compared(string selection, int exitCode, string names)
    {
        ToolResult diff = await RunAsync([.. selection.Split(' '), "-o", "name"]);

        Assert.Equal((exitCode, names), (diff.ExitCode, diff.StandardOutput));
    }

    [Fact]
    public async Task A_value_that_is_encrypted_at_rest_differs_and_is_counted()
    {
        await _server.Etcd.EtcdctlAsync("put", "/registry/secrets/web/hidden", "k8s:enc:aescbc:v1:key1:0123456789");
        await _server.Etcd.EtcdctlAsync("snapshot", "save", _directory["before.db"]);
        await _server.Etcd.EtcdctlAsync("put", "/registry/secrets/web/hidden", "k8s:enc:aescbc:v1:key1:9876543210");
        await _server.Etcd.EtcdctlAsync("snapshot", "save", _directory["after.db"]);

        ToolResult diff = await RunAsync("secrets", "-n", "web");

        Assert.Equal(1, diff.ExitCode);
        Assert.Contains(
            "~ secrets web/hidden\n    differs, cannot be shown: encrypted with aescbc v1, key 'key1'\n",
            diff.StandardOutput,
            StringComparison.Ordinal);
        Assert.Contains(
            "2 objects could not be read: secrets: encrypted", diff.StandardError, StringComparison.Ordinal);
        Assert.Contains("--encryption-config", diff.StandardError, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_running_cluster_is_compared_with_its_own_snapshot()
    {
        ToolResult equal = await LiveAsync("after.db", _server.KubeconfigFile);
        ToolResult different = await LiveAsync("before.db", _server.KubeconfigFile, "-n", "web");
        await _server.KubectlAsync("delete", "crd", "widgets.example.com");
        await _server.KubectlAsync("label", "ns", "web", "tier=gold");
        ToolResult changed = await LiveAsync("after.db", _server.KubeconfigFile, "-o", "name");

        Assert.Equal(("", 0), (equal.StandardError, equal.ExitCode));
        Assert.StartsWith("0 added, 0 removed, 0 changed: from ", equal.StandardOutput, StringComparison.Ordinal);
        Assert.Equal(1, different.ExitCode);
        Assert.Equal(
            string.Join('\n', (await RunAsync("-n", "web")).StandardOutput.Split('\n')[..^2]),
            string.Join('\n', different.StandardOutput.Split('\n')[..^2]));
        Assert.Equal(
            [
                "customresourcedefinition.apiextensions.k8s.io/widgets.example.com",
                "namespace/web",
                "widget.example.com/first",
            ],
            changed.StandardOutput.Split('\n', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_cluster_that_does_not_let_the_user_in_is_trouble_and_not_a_difference()
    {
        string stranger = _directory.Write("stranger", _server.Kubeconfig($"token: {_server.StrangerToken}"));

        ToolResult diff = await LiveAsync("before.db", stranger, "cm,secrets");

        Assert.Equal((10, ""), (diff.ExitCode, diff.StandardOutput));
        Assert.Contains("Cannot read what is served at ", diff.StandardError, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", 2, "Nothing to compare is given.")]
    [InlineData("latest --kubeconfig x", 2, "--kubeconfig needs --live.")]
    [InlineData("latest", 2, "One side is missing.")]
    [InlineData("file:missing.db file:missing.db", 2, "missing.db cannot be read")]
    [InlineData("revision:0 latest", 2, "'revision:0' is not a revision of etcd")]
    [InlineData("2026-11-29 latest", 2, "The moment '2026-11-29' is not a time with a date and an offset.")]
    [InlineData("file: latest", 2, "'file:' has no path.")]
    [InlineData("BEFORE AFTER --include stats", 2, "--include 'stats' is not valid: allowed are status,")]
    [InlineData("BEFORE AFTER gadgets", 2, "There is no kind 'gadgets'")]
    [InlineData("BEFORE AFTER cm nothing", 5, "'nothing' is neither in")]
    public async Task A_mistake_gets_an_answer_that_helps(string line, int exitCode, string message)
    {
        string[] words =
        [
            .. line.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(word => word switch
            {
                "BEFORE" => $"file:{_directory["before.db"]}",
                "AFTER" => $"file:{_directory["after.db"]}",
                _ => word,
            }),
        ];

        ToolResult diff = await Agent.RunAsync(["objects", "diff", .. words]);

        Assert.Equal(exitCode, diff.ExitCode);
        Assert.Contains(message, diff.StandardError, StringComparison.Ordinal);
    }

    private Task<ToolResult> LiveAsync(string file, string kubeconfig, params string[] words) => Agent.RunAsync(
        ["objects", "diff", $"file:{_directory[file]}", .. words, "--live", "--kubeconfig", kubeconfig]);

    private Task<ToolResult> RunAsync(params string[] words) => Agent.RunAsync(
        ["objects", "diff", $"file:{_directory["before.db"]}", $"file:{_directory["after.db"]}", .. words]);
}
