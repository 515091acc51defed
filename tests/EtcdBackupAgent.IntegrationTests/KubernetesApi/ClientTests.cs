using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Kubernetes.Api;
using EtcdBackupAgent.Kubernetes.Api.Access;
using EtcdBackupAgent.Kubernetes.Objects;
using EtcdBackupAgent.Testing.KubernetesApi;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.KubernetesApi;

/// <summary>The client against a real API server.</summary>
[Collection(KubernetesApiTests.Name)]
public sealed class ClientTests(KubernetesApiFixture fixture) : IAsyncLifetime
{
    internal static readonly ResourceKind Widget = new("test.example.com", "v1", "widgets");
    private static readonly ResourceKind Namespaces = new("", "v1", "namespaces", IsNamespaced: false);
    private static readonly ResourceKind ConfigMaps = new("", "v1", "configmaps");
    private static readonly CancellationToken None = CancellationToken.None;

    private KubernetesClient? _client;

    private KubernetesApiServer Server => fixture.Server;

    private KubernetesClient Client => _client!;

    private string Namespace { get; set; } = "";

    internal static async Task<KubernetesClient> ConnectAsync(KubernetesApiServer server) =>
        new(
            await KubeConfig.LoadAsync([server.KubeconfigFile], context: null, TimeProvider.System, None),
            TimeProvider.System);

    public async Task InitializeAsync()
    {
        _client = await ConnectAsync(Server);
        Namespace = await Server.CreateNamespaceAsync();
    }

    public Task DisposeAsync()
    {
        _client?.Dispose();
        return Task.CompletedTask;
    }

    [Fact]
    public async Task An_object_is_created_read_patched_and_deleted()
    {
        JsonObject created = await Client.CreateAsync(Widget, Namespace, New("a"), None);
        await Client.MergePatchAsync(Widget, Namespace, "a", subresource: null, Json("""{"spec":{"size":5}}"""), None);
        await Client.MergePatchAsync(
            Widget,
            Namespace,
            "a",
            "status",
            Json("""{"status":{"phase":"Ready"},"spec":{"size":6}}"""),
            None);
        JsonObject read = await Client.GetAsync(Widget, Namespace, "a", None);
        await Client.DeleteAsync(Widget, Namespace, "a", new DeletePrecondition(), None);

        Assert.Equal(3, (int?)created["spec"]!["size"]);
        Assert.Equal((5, "Ready"), ((int?)read["spec"]!["size"], (string?)read["status"]!["phase"]));
        Assert.Null(await Client.FindAsync(Widget, Namespace, "a", None));
    }

    [Fact]
    public async Task An_existing_object_is_reported_with_the_message_of_the_server()
    {
        await Client.CreateAsync(Widget, Namespace, New("a"), None);

        ApiStatusException e = await Assert.ThrowsAsync<ApiStatusException>(
            () => Client.CreateAsync(Widget, Namespace, New("a"), None));

        Assert.True(e.IsAlreadyExists);
        Assert.Equal("widgets.test.example.com \"a\" already exists", e.Message);
    }

    [Fact]
    public async Task A_violated_rule_is_reported_with_the_message_of_the_server()
    {
        JsonObject big = New("a");
        big["spec"]!["size"] = 11;

        ApiStatusException e = await Assert.ThrowsAsync<ApiStatusException>(() =>
            Client.CreateAsync(Widget, Namespace, big, None));

        Assert.Equal("Invalid", e.Reason);
        Assert.Contains("a widget is smaller than 10", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Changes_and_deletions_of_an_older_version_are_conflicts()
    {
        JsonObject old = await Client.CreateAsync(Widget, Namespace, New("a"), None);
        await Client.MergePatchAsync(Widget, Namespace, "a", subresource: null, Json("""{"spec":{"size":5}}"""), None);
        string version = ObjectMetadata.ResourceVersion(old);
        JsonObject patch = new() { ["metadata"] = new JsonObject { ["resourceVersion"] = version } };

        await ConflictAsync(() => Client.ReplaceAsync(Widget, Namespace, old, None));
        await ConflictAsync(() => Client.MergePatchAsync(Widget, Namespace, "a", subresource: null, patch, None));
        await ConflictAsync(() =>
            Client.DeleteAsync(Widget, Namespace, "a", new DeletePrecondition(ResourceVersion: version), None));
        await ConflictAsync(() =>
            Client.DeleteAsync(Widget, Namespace, "a", new DeletePrecondition(Uid: "other"), None));
        await Client.DeleteAsync(Widget, Namespace, "a", new DeletePrecondition(Uid: ObjectMetadata.Uid(old)), None);

        static async Task ConflictAsync(Func<Task> act) =>
            Assert.True((await Assert.ThrowsAsync<ApiStatusException>(act)).IsConflict);
    }

    [Fact]
    public async Task Applied_fields_have_an_owner_that_can_be_overridden()
    {
        JsonObject red = New("a");
        red["spec"]!["color"] = "red";
        JsonObject blue = New("a");
        blue["spec"]!["color"] = "blue";

        await Client.ApplyAsync(Widget, Namespace, subresource: null, red, "one", force: false, None);
        ApiStatusException e = await Assert.ThrowsAsync<ApiStatusException>(() =>
            Client.ApplyAsync(Widget, Namespace, subresource: null, blue, "two", force: false, None));
        JsonObject forced = await Client.ApplyAsync(
            Widget,
            Namespace,
            subresource: null,
            blue,
            "two",
            force: true,
            None);
        JsonObject status = Json(
            """{"apiVersion":"test.example.com/v1","kind":"Widget","metadata":{"name":"a"},"status":{"phase":"Ready"}}"""
        );
        JsonObject applied = await Client.ApplyAsync(Widget, Namespace, "status", status, "two", force: false, None);

        Assert.True(e.IsConflict);
        Assert.Contains("conflict with \"one\": .spec.color", e.Message, StringComparison.Ordinal);
        Assert.Equal("blue", (string?)forced["spec"]!["color"]);
        Assert.Equal("Ready", (string?)applied["status"]!["phase"]);
    }

    [Fact]
    public async Task Lists_are_read_in_pages_and_selected()
    {
        const int count = KubernetesClient.PageSize + 20;
        await Parallel.ForEachAsync(
            Enumerable.Range(0, count),
            async (i, cancellationToken) =>
            {
                JsonObject item = Json(
                    $$$"""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c{{{i}}}","labels":{"odd":"{{{i % 2}}}"} } }"""
                );
                await Client.CreateAsync(ConfigMaps, Namespace, item, cancellationToken);
            });

        ResourceList all = await Client.ListAsync(ConfigMaps, Namespace, ResourceSelection.All, None);
        ResourceList odd = await Client.ListAsync(ConfigMaps, Namespace, new ResourceSelection(Labels: "odd=1"), None);
        ResourceList one = await Client.ListAsync(
            ConfigMaps,
            Namespace,
            new ResourceSelection(Fields: "metadata.name=c7"),
            None);
        ResourceList namespaces = await Client.ListAsync(Namespaces, ns: null, ResourceSelection.All, None);

        Assert.Equal(count, all.Items.Select(ObjectMetadata.Name).Distinct().Count());
        Assert.Equal(count / 2, odd.Items.Count);
        Assert.Equal("c7", ObjectMetadata.Name(Assert.Single(one.Items)));
        Assert.Contains("default", namespaces.Items.Select(ObjectMetadata.Name));
    }

    [Fact]
    public async Task A_user_without_rights_and_an_unknown_user_are_denied_with_the_message_of_the_server()
    {
        using KubernetesClient stranger = new(
            Client.Connection with
            {
                Credentials = new FixedCredentials(Server.StrangerToken, certificate: null),
            },
            TimeProvider.System);
        using KubernetesClient unknown = new(
            Client.Connection with
            {
                Credentials = new FixedCredentials("wrong-token", certificate: null),
            },
            TimeProvider.System);

        BackupException forbidden = await DeniedAsync(stranger);
        BackupException unauthorized = await DeniedAsync(unknown);

        Assert.Contains(
            "User \"stranger\" cannot list resource \"widgets\"",
            forbidden.Message,
            StringComparison.Ordinal);
        Assert.Contains("Unauthorized", unauthorized.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("wrong-token", $"{unauthorized}", StringComparison.Ordinal);

        async Task<BackupException> DeniedAsync(KubernetesClient client)
        {
            Exception e = await Assert.ThrowsAsync<ApiStatusException>(
                () => client.ListAsync(Widget, Namespace, ResourceSelection.All, None));
            BackupException failure = ApiFailure.From(client.Connection, "list widgets", e);
            Assert.Equal(FailureReason.KubernetesDenied, failure.Reason);
            return failure;
        }
    }

    private static JsonObject Json(string text) => (JsonObject)JsonNode.Parse(text)!;

    private static JsonObject New(string name) =>
        Json($$$"""{"apiVersion":"test.example.com/v1","kind":"Widget","metadata":{"name":"{{{name}}}"},"spec":{}}""");
}
