using EtcdBackupAgent.Testing.KubernetesApi;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.Manifests;

/// <summary>The definitions of the agent replace those of kubedr in a cluster with existing objects.</summary>
public sealed class MigrationTests
{
    /// <summary>A definition like that of kubedr: without defaults and rules.</summary>
    private const string OldDefinition = """
        apiVersion: apiextensions.k8s.io/v1
        kind: CustomResourceDefinition
        metadata: {name: metadatabackuppolicies.kubedr.catalogicsoftware.com}
        spec:
          group: kubedr.catalogicsoftware.com
          scope: Namespaced
          names: {plural: metadatabackuppolicies, singular: metadatabackuppolicy, kind: MetadataBackupPolicy}
          versions:
          - name: v1alpha1
            served: true
            storage: true
            subresources: {status: {}}
            schema:
              openAPIV3Schema:
                type: object
                properties:
                  spec: {type: object, x-kubernetes-preserve-unknown-fields: true}
                  status: {type: object, x-kubernetes-preserve-unknown-fields: true}
        """;

    [Fact]
    public async Task Existing_objects_keep_their_status_and_get_the_defaults()
    {
        await using KubernetesApiServer server = await KubernetesApiServer.StartAsync();
        await server.ApplyAsync(OldDefinition);
        await server.KubectlAsync("wait", "--for=condition=Established", "crd", "--all", "--timeout=60s");
        await server.KubectlAsync("create", "namespace", ManifestsFixture.Namespace);
        await server.ApplyAsync(Documents.Kubedr[0], "-n", ManifestsFixture.Namespace);
        string[] policy = ["-n", ManifestsFixture.Namespace, "get", "metadatabackuppolicy", "test-backup", "-o"];
        await server.KubectlAsync(
            "-n",
            ManifestsFixture.Namespace,
            "patch",
            "metadatabackuppolicy",
            "test-backup",
            "--subresource=status",
            "--type=merge",
            "-p",
            """{"status":{"backupStatus":"Completed","snapshotId":"34abbf1b","totalDurationSecs":"2.4"}}""");

        await server.KubectlAsync("apply", "-k", ManifestFiles.At("crd"));
        await server.KubectlAsync("wait", "--for=condition=Established", "crd", "--all", "--timeout=60s");
        await server.ApplyAsync(Documents.Kubedr[0], "-n", ManifestsFixture.Namespace);

        Assert.Equal(
            "1 Never 34abbf1b",
            await server.KubectlAsync([
                .. policy,
                "jsonpath={.spec.retainNumBackups} {.spec.verify} {.status.snapshotId}",
            ]));
    }
}
