using System.Net;
using EtcdBackupAgent.Testing.KubernetesApi;
using EtcdBackupAgent.Testing.Processes;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.KubernetesApi;

/// <summary>The behaviour of the tests' API server that other tests rely on, as stock kubectl sees it: built-in
/// resources.</summary>
[Collection(KubernetesApiTests.Name)]
public sealed class BuiltInResourceTests(KubernetesApiFixture fixture)
{
    private KubernetesApiServer Server => fixture.Server;

    [Fact]
    public async Task Kubectl_and_the_server_have_the_expected_versions()
    {
        string versions = await Server.KubectlAsync("version");

        Assert.Matches(@"Client Version: (v1\.36\.\d+)\n(.*\n)*Server Version: v1\.\d+\.\d+", versions);
    }

    [Theory]
    [InlineData("secret generic a --from-literal=key=value", "{.data.key}", "dmFsdWU=")]
    [InlineData("configmap a --from-literal=key=value", "{.data.key}", "value")]
    [InlineData("job a --image=none -- true", "{.spec.template.spec.restartPolicy}", "Never")]
    [InlineData("cronjob a --image=none --schedule=@hourly -- true", "{.spec.schedule}", "@hourly")]
    [InlineData("serviceaccount a", "{.metadata.name}", "a")]
    public async Task An_object_that_kubectl_creates_exists(string what, string path, string expected)
    {
        string ns = await Server.CreateNamespaceAsync();
        string[] words = what.Split(' ');

        await Server.KubectlAsync([
            "create",
            .. words[..words.IndexOf("a")],
            "-n",
            ns,
            .. words[words.IndexOf("a")..],
        ]);

        Assert.Equal(expected, await Server.KubectlAsync("-n", ns, "get", words[0], "a", "-o", $"jsonpath={path}"));
    }

    [Theory]
    [InlineData("v1", "Service", "services/specs")]
    [InlineData("v1", "ReplicationController", "controllers")]
    [InlineData("apps/v1", "StatefulSet", "statefulsets")]
    [InlineData("autoscaling/v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers")]
    [InlineData("networking.k8s.io/v1", "Ingress", "ingress")]
    [InlineData("rbac.authorization.k8s.io/v1", "RoleBinding", "rolebindings")]
    public async Task An_object_has_the_key_that_it_has_in_a_cluster(string apiVersion, string kind, string prefix)
    {
        string ns = await Server.CreateNamespaceAsync();

        await Server.ApplyAsync(
            $"{{apiVersion: {apiVersion}, kind: {kind}, metadata: {{name: a, namespace: {ns}}}}}",
            "--validate=false");

        string key = $"/registry/{prefix}/{ns}/a";
        Assert.Equal($"{key}\n\n", await Server.Etcd.EtcdctlAsync("get", key, "--keys-only"));
    }

    [Fact]
    public async Task Leases_claims_events_and_pods_are_stored_and_found()
    {
        string ns = await Server.CreateNamespaceAsync();
        const string manifests = """
            {apiVersion: coordination.k8s.io/v1, kind: Lease, metadata: {name: a}, spec: {holderIdentity: me}}
            ---
            apiVersion: v1
            kind: PersistentVolumeClaim
            metadata: {name: a}
            spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
            ---
            apiVersion: v1
            kind: Event
            metadata: {name: a}
            involvedObject: {kind: Widget, name: other}
            reason: Tested
            type: Normal
            ---
            {apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [{name: a, image: none}]}}
            """;

        await Server.ApplyAsync(manifests, "-n", ns);
        await Server.ApplyAsync(manifests, "-n", ns, "--server-side");
        await Server.KubectlAsync(
            "-n",
            ns,
            "patch",
            "pod",
            "a",
            "--subresource=status",
            "--type=merge",
            "-p",
            """{"status":{"phase":"Running"}}""");

        Assert.Equal("lease.coordination.k8s.io/a\n", await FoundAsync("lease"));
        Assert.Equal("persistentvolumeclaim/a\n", await FoundAsync("pvc"));
        Assert.Equal("event/a\n", await FoundAsync("events", "--field-selector=involvedObject.name=other"));
        Assert.Empty(await FoundAsync("events", "--field-selector=involvedObject.name=a"));
        Assert.Equal("pod/a\n", await FoundAsync("pods", "--field-selector=status.phase=Running"));
        Assert.Empty(await FoundAsync("pods", "--field-selector=status.phase=Pending"));

        Task<string> FoundAsync(params string[] what) =>
            Server.KubectlAsync(["-n", ns, "get", .. what, "-o", "name"]);
    }

    [Fact]
    public async Task Plain_text_of_a_Secret_is_stored_as_data()
    {
        string ns = await Server.CreateNamespaceAsync();

        await Server.ApplyAsync(
            "{apiVersion: v1, kind: Secret, metadata: {name: a}, stringData: {key: value}}",
            "-n",
            ns);

        Assert.Equal(
            "{\"key\":\"dmFsdWU=\"} Opaque",
            await Server.KubectlAsync("-n", ns, "get", "secret", "a", "-o", "jsonpath={.data}{.stringData} {.type}")
        );
    }

    [Fact]
    public async Task Nothing_is_created_in_a_namespace_that_is_missing_or_being_deleted()
    {
        string ns = await Server.CreateNamespaceAsync();
        await Server.KubectlAsync("delete", "namespace", ns, "--wait=false");

        ToolResult going = await Server.TryKubectlAsync(["-n", ns, "create", "configmap", "a"]);
        ToolResult absent = await Server.TryKubectlAsync(["-n", "absent", "create", "configmap", "a"]);

        Assert.Equal(
            "Terminating",
            await Server.KubectlAsync("get", "namespace", ns, "-o", "jsonpath={.status.phase}"));
        Assert.Contains("is being terminated", going.StandardError, StringComparison.Ordinal);
        Assert.Contains("namespaces \"absent\" not found", absent.StandardError, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_request_without_a_user_and_a_user_without_rights_are_refused()
    {
        using HttpClient anonymous = Server.CreateClient();
        anonymous.DefaultRequestHeaders.Authorization = null;
        using HttpClient stranger = Server.CreateClient();
        stranger.DefaultRequestHeaders.Authorization = new("Bearer", Server.StrangerToken);

        using HttpResponseMessage unknown = await anonymous.GetAsync("/api/v1/namespaces/default/secrets");
        using HttpResponseMessage forbidden = await stranger.GetAsync("/api/v1/namespaces/default/secrets");

        Assert.Equal(HttpStatusCode.Unauthorized, unknown.StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, forbidden.StatusCode);
    }

    [Fact]
    public async Task A_client_certificate_of_the_authority_is_accepted()
    {
        using Testing.Directories.TestDirectory directory = new();
        string file = directory["kubeconfig"];
        await File.WriteAllTextAsync(
            file,
            Server.Kubeconfig(
                $"client-certificate: \"{Server.AdminFiles.Certificate}\", client-key: \"{Server.AdminFiles.Key}\""));

        ToolResult who = await Server.TryKubectlAsync(
            ["get", "namespace", "default", "-o", "name"],
            kubeconfigFile: file);

        Assert.Equal("namespace/default\n", who.Output);
    }

    [Fact]
    public async Task Stored_objects_exist_after_the_server_was_killed()
    {
        await using KubernetesApiServer server = await KubernetesApiServer.StartAsync();
        await Widgets.InstallAsync(server);
        await server.ApplyAsync(Widgets.Named("a"), "-n", "default");
        await server.KubectlAsync("create", "secret", "generic", "a");

        await server.RestartAsync();

        Assert.Equal(
            "widget.test.example.com/a\nsecret/a\n", await server.KubectlAsync("get", "widgets,secrets", "-o", "name"));
    }
}
