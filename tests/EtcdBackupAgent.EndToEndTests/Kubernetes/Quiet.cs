using EtcdBackupAgent.Testing.KubernetesApi.Recording;
using Xunit;

namespace EtcdBackupAgent.EndToEndTests.Kubernetes;

/// <summary>A controller that has nothing to do asks for little and writes nothing.</summary>
internal static class Quiet
{
    /// <summary>Renewals of the lease that are waited for: about two seconds each.</summary>
    private const int QuietRenewals = 5;

    /// <summary>What a controller may ask in that time when nothing happens, beside the lease: watches that begin anew,
    /// and the catalogue's sync with the records that it reads.</summary>
    private const int QuietRequestsMax = 40;

    /// <summary>Counts what is asked while the lease is renewed a few times.</summary>
    public static async Task IsQuietAsync(ClusterScene scene)
    {
        // What was begun comes to its end first.
        await RenewalsAsync(scene, 2);
        int before = scene.Proxy.Requests.Count;
        await RenewalsAsync(scene, QuietRenewals);
        ApiRequest[] asked = [.. scene.Proxy.Requests.Skip(before).Where(request => request.Resource != "leases")];
        Assert.True(
            asked.Length <= QuietRequestsMax,
            $"{asked.Length} requests:\n"
            + string.Join('\n', asked.CountBy(request => request).Select(pair => $"{pair.Value} {pair.Key}"))
        );
        // A sync says when it was made.
        Assert.DoesNotContain(asked, request =>
            request.Verb is not ("get" or "list" or "watch") && request.Resource != "backuplocations/status");
    }

    private static async Task RenewalsAsync(ClusterScene scene, int count)
    {
        int before = Renewals();
        await scene.ExplainedAsync(
            $"{count} renewals of the lease",
            () => Task.FromResult(Renewals() >= before + count));

        int Renewals() =>
            scene.Proxy.Requests.Count(request => request.Resource == "leases" && request.Verb == "update");
    }
}
