using EtcdBackupAgent.Testing.Processes;
using Xunit;

namespace EtcdBackupAgent.EndToEndTests.Kubernetes;

/// <summary>The API server goes away and connections break off. The controller comes to the same end, makes one backup
/// for each thing that asks for one, and leaves the server in peace meanwhile.</summary>
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

        await OnDemand.AskOnceAsync(scene, "after", bucket);
        await scene.BackUpAsync("before");
        Assert.True(controller.IsRunning, controller.Output);
        await Quiet.IsQuietAsync(scene);
        scene.MustBeClean();
    }

    [Fact]
    public async Task Watches_break_off_again_and_again()
    {
        await using ClusterScene scene = await ClusterScene.StartAsync();
        scene.StartController();
        SceneBucket[] buckets = new SceneBucket[3];
        for (int i = 0; i < buckets.Length; i++)
        {
            await scene.ExplainedAsync("a watch to cut", () => Task.FromResult(scene.Proxy.CutWatches() > 0));
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
            await OnDemand.MadeOnceAsync(scene, $"cut-{i}", buckets[i]);
        }

        scene.MustBeClean();
    }

    [Fact]
    public async Task Nothing_happens_and_little_is_asked()
    {
        await using ClusterScene scene = await ClusterScene.StartAsync();
        scene.StartController();
        await scene.CreatePolicyAsync("quiet");
        await scene.BackUpAsync("quiet");
        // What can never be right must not be tried without end either.
        await scene.ApplyAsync(scene.Policy("wrong", "nowhere"));
        await scene.UntilAsync(
            "metadatabackuppolicies", "wrong", "not ready", item => ClusterScene.Condition(item, "Ready") == "False");

        await Quiet.IsQuietAsync(scene);
        scene.MustBeClean();
    }
}
