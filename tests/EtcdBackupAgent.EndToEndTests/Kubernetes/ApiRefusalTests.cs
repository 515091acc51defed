using System.Net;
using EtcdBackupAgent.Testing.KubernetesApi.Recording;
using Xunit;

namespace EtcdBackupAgent.EndToEndTests.Kubernetes;

/// <summary>The API server refuses requests of the controller. The result is the same, with one backup for each
/// request for one.</summary>
public sealed class ApiRefusalTests
{
    [Theory]
    [InlineData(HttpStatusCode.Conflict)]
    [InlineData(HttpStatusCode.InternalServerError)]
    [InlineData(HttpStatusCode.TooManyRequests)]
    public async Task Its_writes_are_refused_several_times(HttpStatusCode code)
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
        await OnDemand.RequestBackupAsync(scene, "refused", bucket);

        Assert.Equal(6, fault.Hits);
        scene.AssertNoRefusals();
    }

    [Fact]
    public async Task The_version_that_it_observed_has_expired()
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
        await OnDemand.RequestBackupAsync(scene, "gone", bucket);

        Assert.True(fault.Hits > 0);
        scene.AssertNoRefusals();
    }
}
