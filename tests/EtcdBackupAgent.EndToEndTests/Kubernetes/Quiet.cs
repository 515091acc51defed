using EtcdBackupAgent.Testing.KubernetesApi.Recording;
using Xunit;

namespace EtcdBackupAgent.EndToEndTests.Kubernetes;

/// <summary>Asserts that an idle controller sends few requests and writes nothing.</summary>
internal static class Quiet
{
    /// <summary>The number of lease renewals to wait for: each takes about two seconds.</summary>
    private const int QuietRenewals = 5;

    /// <summary>The requests that an idle controller may send in that time, without those for the lease: watches that
    /// are opened again, and the catalogue's sync with the records that it reads.</summary>
    private const int QuietRequestsMax = 40;

    /// <summary>Counts the requests while the lease is renewed a few times.</summary>
    public static async Task AssertQuietAsync(ClusterScene scene)
    {
        // Running work is completed first.
        await UntilRenewalsAsync(scene, 2);
        int before = scene.Proxy.Requests.Count;
        await UntilRenewalsAsync(scene, QuietRenewals);
        ApiRequest[] requests = [.. scene.Proxy.Requests.Skip(before).Where(request => request.Resource != "leases")];
        Assert.True(
            requests.Length <= QuietRequestsMax,
            $"{requests.Length} requests:\n"
            + string.Join('\n', requests.CountBy(request => request).Select(pair => $"{pair.Value} {pair.Key}"))
        );
        // A sync writes its time.
        Assert.DoesNotContain(requests, request =>
            request.Verb is not ("get" or "list" or "watch") && request.Resource != "backuplocations/status");
    }

    private static async Task UntilRenewalsAsync(ClusterScene scene, int count)
    {
        int before = Renewals();
        await scene.WaitAsync(
            $"{count} renewals of the lease",
            () => Task.FromResult(Renewals() >= before + count));

        int Renewals() =>
            scene.Proxy.Requests.Count(request => request.Resource == "leases" && request.Verb == "update");
    }
}
