using System.Net;
using EtcdBackupAgent.Testing.KubernetesApi.Recording;
using Xunit;

namespace EtcdBackupAgent.EndToEndTests.Kubernetes;

/// <summary>The API server refuses what the controller asks. It comes to the same end, and makes one backup for each
/// thing that asks for one.</summary>
public sealed class ApiRefusalTests
{
    [Theory]
    [InlineData(HttpStatusCode.Conflict)]
    [InlineData(HttpStatusCode.InternalServerError)]
    [InlineData(HttpStatusCode.TooManyRequests)]
    public async Task What_it_writes_is_refused_several_times(HttpStatusCode code)
    {
        await using ClusterScene scene = await ClusterScene.StartAsync();
        scene.StartController();
        await scene.CreatePolicyAsync("warm");
        ProxyFault fault = scene.Proxy.Add(new ProxyFault
        {
            Of = request => request.Verb is "create" or "patch" or "update" or "delete" && request.Resource != "leases",
            Answer = code,
            Times = 6,
        });

        SceneBucket bucket = await scene.CreatePolicyAsync("refused");
        await OnDemand.AskOnceAsync(scene, "refused", bucket);

        Assert.Equal(6, fault.Hits);
        scene.MustBeClean();
    }

    [Fact]
    public async Task What_it_has_seen_is_too_old_to_go_on_from()
    {
        await using ClusterScene scene = await ClusterScene.StartAsync();
        scene.StartController();
        await scene.CreatePolicyAsync("warm");
        ProxyFault fault = scene.Proxy.Add(
            new ProxyFault
            {
                Of = request => request.Verb == "watch",
                Answer = HttpStatusCode.Gone,
                Times = 6,
            });
        scene.Proxy.CutWatches();

        SceneBucket bucket = await scene.CreatePolicyAsync("gone");
        await OnDemand.AskOnceAsync(scene, "gone", bucket);

        Assert.True(fault.Hits > 0);
        scene.MustBeClean();
    }
}
