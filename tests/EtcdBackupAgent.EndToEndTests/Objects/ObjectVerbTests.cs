using EtcdBackupAgent.EndToEndTests.Fixtures;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.KubernetesApi;
using EtcdBackupAgent.Testing.Processes;
using Xunit;

namespace EtcdBackupAgent.EndToEndTests.Objects;

/// <summary>
/// The verbs that read objects, on a snapshot of the etcd behind a real API server: they print what stock kubectl
/// prints.
/// </summary>
public sealed class ObjectVerbTests : IAsyncLifetime, IDisposable
{
    private const string Manifests = """
        apiVersion: v1
        kind: Namespace
        metadata: {name: web}
        ---
        apiVersion: v1
        kind: ConfigMap
        metadata:
          name: settings
          namespace: web
          labels: {app: shop, tier: front}
        data:
          plain: "text"
          yes: "yes"
          number: "0123"
          html: "<a href=\"x\">&</a>"
          lines: "one\ntwo\n"
          unicode: "grün – 漢字"
          colon: "a: b"
          long: "a sentence that is much longer than eighty characters so that a folding emitter would break it somewhere"
        ---
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: empty, namespace: web}
        ---
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: elsewhere, namespace: default}
        data: {k: v}
        ---
        apiVersion: v1
        kind: Secret
        metadata: {name: password, namespace: web}
        stringData: {password: correct-horse}
        """;

    private readonly TestDirectory _directory = new();
    private KubernetesApiServer _server = null!;
    private string _file = "";

    public async Task InitializeAsync()
    {
        _server = await KubernetesApiServer.StartAsync();
        await _server.ApplyAsync(Manifests);
        await _server.ApplyAsync(WidgetManifests.Definition);
        await _server.UntilDefinitionsServedAsync();
        await _server.ApplyAsync(WidgetManifests.First);
        _file = _directory["etcd.db"];
        await _server.Etcd.EtcdctlAsync("snapshot", "save", _file);
    }

    public async Task DisposeAsync() => await _server.DisposeAsync();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("configmaps -n web -o json")]
    [InlineData("configmaps -n web -o yaml")]
    [InlineData("cm settings -n web -o json")]
    [InlineData("configmap settings -n web -o yaml")]
    [InlineData("cm/settings -n web -o name")]
    [InlineData("cm -A -o name")]
    [InlineData("cm -n web -l app=shop,tier!=back -o json")]
    [InlineData("cm -A --field-selector metadata.namespace!=web -o yaml")]
    [InlineData("namespaces -o json")]
    [InlineData("ns web -o yaml")]
    [InlineData("widgets.example.com -n web -o json")]
    [InlineData("wd/first -n web -o yaml")]
    [InlineData("crd widgets.example.com -o json")]
    public async Task Objects_are_printed_as_kubectl_prints_them(string selection)
    {
        string[] words = selection.Split(' ');
        string expected = await _server.KubectlAsync(["get", .. words]);

        ToolResult found = await RunAsync(["get", .. words]);

        Assert.Equal("", found.StandardError);
        Assert.Equal(expected, found.StandardOutput);
    }

    [Fact]
    public async Task The_values_of_a_secret_are_masked_unless_they_are_asked_for()
    {
        string expected = await _server.KubectlAsync("get", "secret", "password", "-n", "web", "-o", "yaml");

        ToolResult masked = await RunAsync(["get", "secret", "password", "-n", "web"]);
        ToolResult shown = await RunAsync(["get", "secret", "password", "-n", "web", "--show-secrets"]);

        Assert.Equal(expected, shown.Output);
        Assert.DoesNotContain("Y29ycmVjdC1ob3JzZQ==", masked.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("correct-horse", masked.Output, StringComparison.Ordinal);
        Assert.Contains("password:", masked.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_encrypted_object_that_is_named_is_refused_and_counted_in_a_list()
    {
        await _server.Etcd.EtcdctlAsync("put", "/registry/secrets/web/hidden", "k8s:enc:aescbc:v1:key1:0123456789");
        await _server.Etcd.EtcdctlAsync("snapshot", "save", _file);

        ToolResult one = await RunAsync(["get", "secret", "hidden", "-n", "web"]);
        ToolResult all = await RunAsync(["get", "secrets", "-n", "web", "-o", "name"]);

        Assert.Equal((9, ""), (one.ExitCode, one.StandardOutput));
        Assert.Contains(
            "secrets/hidden in web cannot be read: encrypted with aescbc v1, key 'key1'.",
            one.StandardError,
            StringComparison.Ordinal);
        Assert.Contains("--encryption-config", one.StandardError, StringComparison.Ordinal);
        Assert.Equal((0, "secret/password\n"), (all.ExitCode, all.StandardOutput));
        Assert.Contains("1 objects could not be read: secrets: encrypted", all.StandardError, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_name_of_several_kinds_is_a_list_of_those_that_exist_and_names_the_others()
    {
        ToolResult found = await RunAsync(["get", "cm,secrets", "password", "-n", "web", "-o", "name"]);

        Assert.Equal((5, "secret/password\n"), (found.ExitCode, found.StandardOutput));
        Assert.Contains(
            "configmaps 'password' not found in namespace web", found.StandardError, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_list_without_a_kind_counts_every_kind()
    {
        ToolResult counts = await RunAsync(["list"]);

        Assert.Matches(@"configmaps +\D*3\b", counts.Output);
        Assert.Matches(@"widgets\.example\.com +\D*1\b", counts.Output);
        Assert.Contains("customresourcedefinitions.apiextensions.k8s.io", counts.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_list_has_the_names_and_the_columns_of_the_kind()
    {
        ToolResult names = await RunAsync(["list", "cm", "-n", "web"]);
        ToolResult wide = await RunAsync(["list", "cm", "-A", "-o", "wide"]);

        Assert.Contains("settings", names.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("elsewhere", names.Output, StringComparison.Ordinal);
        Assert.Contains("DATA", wide.Output, StringComparison.Ordinal);
        Assert.Contains("elsewhere", wide.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("get cm nothing -n web", 5, "configmaps 'nothing' not found in namespace web of")]
    [InlineData("get gadgets -n web", 2, "There is no kind 'gadgets'")]
    [InlineData("get configmapz -n web", 2, "Did you mean configmaps?")]
    [InlineData("get cm/a/b", 2, "'cm/a/b' is not KIND/NAME.")]
    [InlineData("get", 2, "No kind is given.")]
    [InlineData("get cm -l app=", 0, "")]
    [InlineData("get cm -l (", 2, "'(' is not a selector of labels.")]
    [InlineData("get cm --field-selector spec.x=1", 2, "is not a selector of metadata.name or metadata.namespace.")]
    public async Task A_mistake_gets_an_answer_that_helps(string line, int exitCode, string message)
    {
        ToolResult found = await RunAsync(line.Split(' '));

        Assert.Equal(exitCode, found.ExitCode);
        Assert.Contains(message, found.StandardError, StringComparison.Ordinal);
    }

    private Task<ToolResult> RunAsync(string[] words) =>
        Agent.RunAsync(["objects", words[0], "--file", _file, .. words[1..]]);
}
