using EtcdBackupAgent.Testing.KubernetesApi;
using EtcdBackupAgent.Testing.Processes;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.KubernetesApi;

/// <summary>The behaviour of the tests' API server that other tests rely on, as stock kubectl sees it: custom
/// resources.</summary>
[Collection(KubernetesApiTests.Name)]
public sealed class CustomResourceTests(KubernetesApiFixture fixture) : IAsyncLifetime
{
    private KubernetesApiServer Server => fixture.Server;

    private string Namespace { get; set; } = "";

    public async Task InitializeAsync() => Namespace = await Server.CreateNamespaceAsync();

    public Task DisposeAsync() => Task.CompletedTask;

    [Fact]
    public async Task Defaults_are_filled_in_and_shown_in_the_columns()
    {
        await ApplyAsync(Widgets.Named("small"));

        string table = await KubectlAsync("get", "wd");

        Assert.Matches(@"^NAME +SIZE\nsmall +3\n$", table);
    }

    [Fact]
    public async Task A_rule_and_a_type_of_the_schema_are_enforced()
    {
        ToolResult rule = await TryApplyAsync(Widgets.Named("big", "size: 11"));
        ToolResult type = await TryApplyAsync(Widgets.Named("odd", "size: large"));

        Assert.Contains("a widget is smaller than 10", rule.StandardError, StringComparison.Ordinal);
        Assert.Contains("must be of type integer", type.StandardError, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unknown_field_is_reported_and_dropped()
    {
        ToolResult strict = await TryApplyAsync(Widgets.Named("a", "colour: red"));
        await ApplyAsync(Widgets.Named("a", "colour: red"), "--validate=ignore");

        Assert.Contains("unknown field \"spec.colour\"", strict.StandardError, StringComparison.Ordinal);
        Assert.Equal("{\"size\":3}", await KubectlAsync("get", "widget", "a", "-o", "jsonpath={.spec}"));
    }

    [Fact]
    public async Task The_status_is_written_separately_from_the_specification()
    {
        await ApplyAsync(Widgets.Named("a"));
        const string both = """{"spec":{"size":5},"status":{"phase":"Ready"}}""";

        await KubectlAsync("patch", "widget", "a", "--subresource=status", "--type=merge", "-p", both);
        string afterStatus = await ShownAsync();
        await KubectlAsync(
            "patch",
            "widget",
            "a",
            "--type=merge",
            "-p",
            both.Replace("Ready", "Other", StringComparison.Ordinal));

        Assert.Equal("3 Ready 1", afterStatus);
        Assert.Equal("5 Ready 2", await ShownAsync());

        Task<string> ShownAsync() => KubectlAsync(
            "get", "widget", "a", "-o", "jsonpath={.spec.size} {.status.phase} {.metadata.generation}");
    }

    [Fact]
    public async Task A_finalizer_delays_a_deletion()
    {
        await ApplyAsync(Widgets.Named("a", metadata: "finalizers: [test.example.com/hold]"));

        await KubectlAsync("delete", "widget", "a", "--wait=false");
        string deleted = await KubectlAsync("get", "widget", "a", "-o", "jsonpath={.metadata.deletionTimestamp}");
        await KubectlAsync("patch", "widget", "a", "--type=merge", "-p", """{"metadata":{"finalizers":null}}""");

        Assert.NotEmpty(deleted);
        Assert.Empty(await KubectlAsync("get", "widgets", "-o", "name"));
    }

    [Theory]
    [InlineData("background")]
    [InlineData("foreground")]
    [InlineData("orphan")]
    public async Task A_deletion_with_any_cascade_completes(string cascade)
    {
        await ApplyAsync(Widgets.Named("a"));

        await KubectlAsync("delete", "widget", "a", $"--cascade={cascade}", "--timeout=30s");

        Assert.Empty(await KubectlAsync("get", "widgets", "-o", "name"));
    }

    [Fact]
    public async Task Server_side_apply_tracks_the_owners_of_fields()
    {
        await ApplyAsync(Widgets.Named("a", "color: red"), "--server-side", "--field-manager=one");

        ToolResult conflict = await TryApplyAsync(
            Widgets.Named("a", "color: blue"), "--server-side", "--field-manager=two");
        await ApplyAsync(Widgets.Named("a", "size: 4"), "--server-side", "--field-manager=two");

        Assert.Contains("conflict with \"one\": .spec.color", conflict.StandardError, StringComparison.Ordinal);
        Assert.Equal(
            "red 4 one two",
            await KubectlAsync(
                "get", "widget", "a", "--show-managed-fields",
                "-o", "jsonpath={.spec.color} {.spec.size} {.metadata.managedFields[*].manager}"));
    }

    [Fact]
    public async Task A_replacement_of_an_older_version_is_a_conflict()
    {
        await ApplyAsync(Widgets.Named("a"));
        string old = await KubectlAsync("get", "widget", "a", "-o", "json");
        await KubectlAsync("label", "widget", "a", "changed=yes");

        ToolResult replaced = await Server.TryKubectlAsync(["-n", Namespace, "replace", "-f", "-"], old);

        Assert.Contains("the object has been modified", replaced.StandardError, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_watch_reports_changes_at_once()
    {
        string[] watch = ["-n", Namespace, "wait", "--for=jsonpath={.status.phase}=Ready", "widget/a", "--timeout=60s"];
        await ApplyAsync(Widgets.Named("a"));

        Task<ToolResult> waiting = Server.TryKubectlAsync(watch);
        await KubectlAsync(
            "patch",
            "widget",
            "a",
            "--subresource=status",
            "--type=merge",
            "-p",
            """{"status":{"phase":"Ready"}}""");

        Assert.Contains("condition met", (await waiting).Output, StringComparison.Ordinal);
    }

    private Task<string> KubectlAsync(params string[] arguments) =>
        Server.KubectlAsync(["-n", Namespace, .. arguments]);

    private Task<string> ApplyAsync(string manifests, params string[] arguments) =>
        Server.ApplyAsync(manifests, ["-n", Namespace, .. arguments]);

    private Task<ToolResult> TryApplyAsync(string manifests, params string[] arguments) =>
        Server.TryKubectlAsync(["-n", Namespace, "apply", "-f", "-", .. arguments], manifests);
}
