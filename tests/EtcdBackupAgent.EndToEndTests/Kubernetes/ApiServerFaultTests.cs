using EtcdBackupAgent.Testing.Processes;
using Xunit;

namespace EtcdBackupAgent.EndToEndTests.Kubernetes;

/// <summary>The API server stops and connections are closed. The result is the same, with one backup for each request
/// for one, and the controller sends few requests meanwhile.</summary>
public sealed class ApiServerFaultTests
{
    [Fact]
    public async Task The_API_server_is_killed_and_started_again()
    {
        await using ClusterScene scene = await ClusterScene.StartAsync();
        PeerProcess controller = scene.StartController();
        await scene.CreatePolicyAsync("before");

        await scene.Server.RestartAsync();
        SceneBucket bucket = await scene.CreatePolicyAsync("after");
        await scene.Server.KillAsync();
        await scene.Server.RestartAsync();

        await OnDemand.RequestBackupAsync(scene, "after", bucket);
        await scene.BackUpAsync("before");
        Assert.True(controller.IsRunning, controller.Output);
        await Quiet.AssertQuietAsync(scene);
        scene.AssertNoRefusals();
    }

    [Fact]
    public async Task Watches_are_closed_again_and_again()
    {
        await using ClusterScene scene = await ClusterScene.StartAsync();
        scene.StartController();
        SceneBucket[] buckets = new SceneBucket[3];
        for (int i = 0; i < buckets.Length; i++)
        {
            await scene.WaitAsync("a watch to cut", () => Task.FromResult(scene.Proxy.CutWatches() > 0));
            buckets[i] = await scene.CreatePolicyAsync($"cut-{i}");
            scene.Proxy.CutWatches();
            await scene.KubectlAsync(
                "annotate",
                "metadatabackuppolicy",
                $"cut-{i}",
                $"{ClusterScene.Group}/backup-now=now");
        }

        for (int i = 0; i < buckets.Length; i++)
        {
            await OnDemand.AssertOneBackupAsync(scene, $"cut-{i}", buckets[i]);
        }

        scene.AssertNoRefusals();
    }

    [Fact]
    public async Task An_idle_controller_sends_few_requests()
    {
        await using ClusterScene scene = await ClusterScene.StartAsync();
        scene.StartController();
        await scene.CreatePolicyAsync("quiet");
        await scene.BackUpAsync("quiet");
        // A policy that stays invalid must not cause endless retries.
        await scene.ApplyAsync(scene.Policy("wrong", "nowhere"));
        await scene.UntilAsync(
            "metadatabackuppolicies", "wrong", "not ready", item => ClusterScene.Condition(item, "Ready") == "False");

        await Quiet.AssertQuietAsync(scene);
        scene.AssertNoRefusals();
    }
}
