using System.Text.Json.Nodes;
using EtcdBackupAgent.Testing.KubernetesApi;
using EtcdBackupAgent.Testing.Processes;
using Xunit;

namespace EtcdBackupAgent.EndToEndTests.Kubernetes;

/// <summary>Everything can be removed from a cluster in any order, even if the controller has lost its rights or does
/// not run; no snapshot is deleted with it.</summary>
public sealed class UninstallTests
{
    [Fact]
    public async Task A_namespace_can_be_deleted_after_its_roles_and_service_account()
    {
        await using ClusterScene scene = await ClusterScene.StartAsync();
        PeerProcess controller = scene.StartController();
        SceneBucket bucket = await scene.CreatePolicyAsync("kept");
        IReadOnlyList<string> made = [await scene.BackUpAsync("kept"), await scene.BackUpAsync("kept")];

        // The controller now has no rights, and its token is refused.
        scene.Proxy.Grants = _ => false;
        scene.Proxy.RefusesTokens = true;
        scene.Proxy.CutWatches();
        await scene.Server.KubectlAsync("delete", "namespace", ClusterScene.Namespace, "--wait=false");
        await new NamespaceDeletion(scene.Server, scene.Objects).FinishAsync(ClusterScene.Namespace);

        await scene.Server.KubectlAsync("wait", "--for=delete", $"namespace/{ClusterScene.Namespace}", "--timeout=30s");
        Assert.Equal(made, await bucket.SnapshotsAsync());
        await scene.StopAsync(controller);
        Assert.Equal(made, await bucket.SnapshotsAsync());
    }

    [Fact]
    public async Task Without_a_controller_everything_can_be_deleted_and_a_record_is_created_again()
    {
        await using ClusterScene scene = await ClusterScene.StartAsync();
        PeerProcess controller = scene.StartController();
        SceneBucket bucket = await scene.CreatePolicyAsync("kept");
        IReadOnlyList<string> made = [await scene.BackUpAsync("kept"), await scene.BackUpAsync("kept")];
        await scene.StopAsync(controller);

        // No controller observed the deletion: the snapshot is kept, and gets a record again.
        await scene.KubectlAsync("delete", "metadatabackuprecord", $"mbr-{made[0]}", "--timeout=30s");
        controller = scene.StartController();
        JsonObject again = await scene.UntilAsync(
            "metadatabackuprecords", $"mbr-{made[0]}", "created again", _ => true);
        Assert.Null(again["metadata"]!["finalizers"]);
        await scene.StopAsync(controller);

        await scene.KubectlAsync("delete", "metadatabackuppolicies,metadatabackuprecords", "--all", "--timeout=30s");
        await scene.Server.KubectlAsync("delete", "-k", ClusterScene.Manifest("crd"), "--timeout=30s");
        await scene.Server.KubectlAsync("delete", "namespace", ClusterScene.Namespace, "--wait=false");
        await new NamespaceDeletion(scene.Server, scene.Objects).FinishAsync(ClusterScene.Namespace);

        await scene.Server.KubectlAsync("wait", "--for=delete", $"namespace/{ClusterScene.Namespace}", "--timeout=30s");
        Assert.Equal(made, await bucket.SnapshotsAsync());
        scene.AssertNoRefusals();
    }
}
