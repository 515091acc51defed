using EtcdBackupAgent.Kubernetes.Api;
using EtcdBackupAgent.Objects.Kinds;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace EtcdBackupAgent.Tests.Kubernetes.Api;

/// <summary>What a server serves, from documents that the tests' real server does not send.</summary>
public sealed class DiscoveryTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    [Fact]
    public async Task A_server_without_aggregated_documents_is_asked_version_by_version()
    {
        await using FakeApi api = await FakeApi.StartAsync(
            FakeApi.Json("""{"kind":"APIVersions","versions":["v1"]}"""),
            FakeApi.Json(
                """
                {"kind":"APIResourceList","groupVersion":"v1","resources":[
                {"name":"pods","singularName":"pod","namespaced":true,"kind":"Pod","shortNames":["po"],
                "verbs":["get","create"]},
                {"name":"pods/status","singularName":"","namespaced":true,"kind":"Pod","verbs":["get"]},
                {"name":"nodes","singularName":"node","namespaced":false,"kind":"Node","verbs":["get"]}]}
                """),
            FakeApi.Json(
                """
                {"kind":"APIGroupList","groups":[{"name":"example.com",
                "versions":[{"groupVersion":"example.com/v1beta1","version":"v1beta1"},
                {"groupVersion":"example.com/v1","version":"v1"}],
                "preferredVersion":{"groupVersion":"example.com/v1","version":"v1"}}]}
                """),
            Widgets("v1"),
            Widgets("v1beta1"));
        using KubernetesClient client = api.Client(TimeProvider.System);

        ServedResources served = await Discovery.ReadAsync(client, None);

        Assert.Equal(
            ["pods in v1", "nodes in v1", "widgets.example.com in example.com/v1",
                "widgets.example.com in example.com/v1beta1"],
            served.All.Select(resource => resource.ToString()));
        Assert.Equal(("v1", true), (served.All[0].Version, served.All[0].IsNamespaced));
        Assert.False(served.All[1].IsNamespaced);
        Assert.True(served.All[0].Has("get", "create"));
        Assert.False(served.All[0].Has("get", "patch"));
        Assert.Equal("v1", served.Preferred(new GroupResource("example.com", "widgets"))!.Version);
        Assert.Equal(
            "v1beta1", served.Find(new GroupVersionKind("example.com/v1beta1", "Widget"))!.Version);
        Assert.Null(served.Find(new GroupVersionKind("example.com/v2", "Widget")));
        Assert.Empty(served.Unlisted);
        Assert.Equal(
            ["GET /api", "GET /api/v1", "GET /apis", "GET /apis/example.com/v1", "GET /apis/example.com/v1beta1"],
            api.Requests);
    }

    [Fact]
    public async Task An_aggregated_api_that_is_down_is_named_and_does_not_stop_the_rest()
    {
        await using FakeApi api = await FakeApi.StartAsync(
            FakeApi.Json("""{"kind":"APIVersions","versions":[]}"""),
            FakeApi.Json(
                """
                {"kind":"APIGroupList","groups":[
                {"name":"metrics.k8s.io","versions":[{"groupVersion":"metrics.k8s.io/v1beta1","version":"v1beta1"}]},
                {"name":"example.com","versions":[{"groupVersion":"example.com/v1","version":"v1"}]}]}
                """),
            FakeApi.Refusal(503, "ServiceUnavailable", "service unavailable"),
            Widgets("v1"));
        using KubernetesClient client = api.Client(TimeProvider.System);

        ServedResources served = await Discovery.ReadAsync(client, None);

        Assert.Equal(
            [new UnlistedVersion("metrics.k8s.io/v1beta1", "service unavailable")], served.Unlisted);
        Assert.Equal(["widgets.example.com in example.com/v1"], served.All.Select(resource => resource.ToString()));
    }

    [Fact]
    public async Task A_stale_version_of_an_aggregated_document_is_named()
    {
        await using FakeApi api = await FakeApi.StartAsync(
            FakeApi.Json(
                """
                {"kind":"APIGroupDiscoveryList","items":[{"metadata":{},"versions":[{"version":"v1",
                "freshness":"Current","resources":[{"resource":"pods","scope":"Namespaced","singularResource":"pod",
                "responseKind":{"group":"","version":"v1","kind":"Pod"},"verbs":["get"],"shortNames":["po"]},
                {"resource":"ghosts","scope":"Namespaced","verbs":[]}]}]}]}
                """),
            FakeApi.Json(
                """
                {"kind":"APIGroupDiscoveryList","items":[{"metadata":{"name":"metrics.k8s.io"},
                "versions":[{"version":"v1beta1","freshness":"Stale"}]}]}
                """));
        using KubernetesClient client = api.Client(TimeProvider.System);

        ServedResources served = await Discovery.ReadAsync(client, None);

        Assert.Equal(["pods in v1"], served.All.Select(resource => resource.ToString()));
        Assert.Equal("metrics.k8s.io/v1beta1", served.Unlisted.Single().ApiVersion);
    }

    private static RequestDelegate Widgets(string version) => FakeApi.Json(
        $$"""
        {"kind":"APIResourceList","groupVersion":"example.com/{{version}}","resources":[
        {"name":"widgets","singularName":"widget","namespaced":true,"kind":"Widget","verbs":["get"]}]}
        """);
}
