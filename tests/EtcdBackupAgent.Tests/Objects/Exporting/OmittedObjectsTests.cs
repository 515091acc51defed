using System.Text.Json.Nodes;
using EtcdBackupAgent.Objects.Exporting;
using EtcdBackupAgent.Objects.Keys;
using EtcdBackupAgent.Objects.Kinds;
using Xunit;

namespace EtcdBackupAgent.Tests.Objects.Exporting;

public sealed class OmittedObjectsTests
{
    private static readonly OmittedObjects Omitted = new(new HashSet<(string, string)> { ("web", "shop") });

    [Theory]
    [InlineData("events in web/a", "{}", "events")]
    [InlineData("events.events.k8s.io in web/a", "{}", "events")]
    [InlineData("nodes/a", "{}", "records of nodes and running components")]
    [InlineData("leases.coordination.k8s.io in web/a", "{}", "records of nodes and running components")]
    [InlineData("certificatesigningrequests.certificates.k8s.io/a", "{}", "requests that the cluster has answered")]
    [InlineData("ipaddresses.networking.k8s.io/10.0.0.1", "{}", "made by the API server itself")]
    [InlineData("services in default/kubernetes", "{}", "made by the API server itself")]
    [InlineData("services in web/kubernetes", "{}", null)]
    [InlineData("servicecidrs.networking.k8s.io/kubernetes", "{}", "made by the API server itself")]
    [InlineData("servicecidrs.networking.k8s.io/more", "{}", null)]
    [InlineData("endpoints in web/shop", "{}", "endpoints of services with a selector")]
    [InlineData("endpoints in web/other", "{}", null)]
    [InlineData("endpoints in default/kubernetes", "{}", "endpoints of services with a selector")]
    [InlineData(
        "endpointslices.discovery.k8s.io in web/shop-x",
        """{"metadata":{"labels":{"endpointslice.kubernetes.io/managed-by":"endpointslice-controller.k8s.io"}}}""",
        "endpoints of services with a selector")]
    [InlineData("endpointslices.discovery.k8s.io in web/own", "{}", null)]
    [InlineData("pods in web/a", """{"metadata":{"ownerReferences":[{"kind":"Any"}]}}""", "pods that have an owner")]
    [InlineData(
        "pods in web/a", """{"metadata":{"annotations":{"kubernetes.io/config.mirror":"x"}}}""", "pods of files on a node")]
    [InlineData("pods in web/a", """{"status":{"phase":"Failed"}}""", "finished pods")]
    [InlineData("pods in web/a", """{"status":{"phase":"Running"}}""", null)]
    [InlineData(
        "replicasets.apps in web/a", """{"metadata":{"ownerReferences":[{"kind":"Deployment"}]}}""",
        "replica sets of deployments")]
    [InlineData("replicasets.apps in web/a", """{"metadata":{"ownerReferences":[{"kind":"Rollout"}]}}""", null)]
    [InlineData(
        "controllerrevisions.apps in web/a", """{"metadata":{"ownerReferences":[{"kind":"DaemonSet"}]}}""",
        "revisions of daemon sets and stateful sets")]
    [InlineData("jobs.batch in web/a", """{"metadata":{"ownerReferences":[{"kind":"CronJob"}]}}""", "jobs of cron jobs")]
    [InlineData(
        "jobs.batch in web/a", """{"status":{"conditions":[{"type":"Complete","status":"True"}]}}""", "finished jobs")]
    [InlineData("jobs.batch in web/a", """{"status":{"conditions":[{"type":"Suspended","status":"True"}]}}""", null)]
    [InlineData("configmaps in web/kube-root-ca.crt", "{}", "certificate authorities of the cluster")]
    [InlineData(
        "secrets in web/shop-token-abcde",
        """{"type":"kubernetes.io/service-account-token","metadata":{"annotations":{"kubernetes.io/service-account.name":"shop"}}}""",
        "tokens that the cluster made")]
    [InlineData(
        "secrets in web/mine",
        """{"type":"kubernetes.io/service-account-token","metadata":{"annotations":{"kubernetes.io/service-account.name":"shop"}}}""",
        null)]
    [InlineData(
        "apiservices.apiregistration.k8s.io/v1.",
        """{"metadata":{"labels":{"kube-aggregator.kubernetes.io/automanaged":"onstart"}}}""",
        "made by the API server itself")]
    [InlineData(
        "flowschemas.flowcontrol.apiserver.k8s.io/a",
        """{"metadata":{"annotations":{"apf.kubernetes.io/autoupdate-spec":"true"}}}""",
        "made by the API server itself")]
    [InlineData(
        "clusterroles.rbac.authorization.k8s.io/admin",
        """{"metadata":{"labels":{"kubernetes.io/bootstrapping":"rbac-defaults"},"annotations":{"rbac.authorization.kubernetes.io/autoupdate":"true"}}}""",
        "made by the API server itself")]
    [InlineData(
        "clusterroles.rbac.authorization.k8s.io/admin",
        """{"metadata":{"labels":{"kubernetes.io/bootstrapping":"rbac-defaults"},"annotations":{"rbac.authorization.kubernetes.io/autoupdate":"false"}}}""",
        null)]
    [InlineData("priorityclasses.scheduling.k8s.io/system-node-critical", "{}", "made by the API server itself")]
    [InlineData("widgets.example.com in web/a", """{"metadata":{"ownerReferences":[{"kind":"Shop"}]}}""", null)]
    public void What_a_cluster_makes_itself_is_left_out_with_its_reason(string place, string item, string? reason) =>
        Assert.Equal(reason, Omitted.ReasonFor(PlaceOf(place), (JsonObject)JsonNode.Parse(item)!));

    private static StorageKey PlaceOf(string text)
    {
        int slash = text.IndexOf('/', StringComparison.Ordinal);
        string[] words = text[..slash].Split(" in ");
        string[] resource = words[0].Split('.', 2);
        return new StorageKey(
            new GroupResource(resource.Length > 1 ? resource[1] : "", resource[0]),
            words.Length > 1 ? words[1] : null,
            text[(slash + 1)..]);
    }
}
