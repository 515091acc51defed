using EtcdBackupAgent.Core.RestorePoints;
using EtcdBackupAgent.IntegrationTests.Etcd;
using EtcdBackupAgent.IntegrationTests.Storage;
using EtcdBackupAgent.IntegrationTests.Storage.Faults;
using EtcdBackupAgent.Storage.S3;
using EtcdBackupAgent.Testing;
using EtcdBackupAgent.Testing.Etcd;
using EtcdBackupAgent.Testing.Storage;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.Archiving;

/// <summary>
/// A change log in a real S3 server, behind a proxy that makes requests fail: nothing is lost, and what is restored is
/// what the live server said.
/// </summary>
public sealed class FaultyStoreTests(RgwFixture s3) : IClassFixture<RgwFixture>
{
    /// <summary>A segment takes one request, a start with a snapshot more than ten.</summary>
    private const int RequestsSwept = 4;

    [Theory]
    [InlineData(RequestFault.Refused)]
    [InlineData(RequestFault.CutBefore)]
    [InlineData(RequestFault.CutAfter)]
    [InlineData(RequestFault.CutMidway)]
    public async Task A_store_whose_requests_fail_loses_nothing(RequestFault fault)
    {
        await using EtcdServer server = await EtcdServer.StartAsync(
            new EtcdServerOptions { Series = EtcdServers.Series("3.5") });
        using IndependentClient etcd = new(server.Endpoints[0]);
        S3Options options = s3.Options();
        await using FaultyS3Proxy proxy = await FaultyS3Proxy.StartAsync(s3.Server.HttpEndpoint);
        await using ArchivedCluster archive = await ArchivedCluster.InAsync(
            EtcdServers.ConnectionTo(server),
            new S3ObjectStore(
                options with { Endpoint = proxy.Endpoint, CaCertificatePem = null }, new ImpatientTime()));
        await archive.StartAsync();
        List<LiveMoment> moments = [];

        // Each request of some segments fails once.
        for (int request = 1; request <= RequestsSwept; request++)
        {
            (proxy.Fault, proxy.ForGood) = (fault, false);
            proxy.FailAt = proxy.Requests.Count + request;
            await ChangeAsync();
        }

        // The store is away until segments wait for it.
        (proxy.ForGood, proxy.FailAt) = (true, proxy.Requests.Count + 1);
        await etcd.ChangeAsync(IndependentClient.Put("/away", "value"));
        await TestDeadline.UntilAsync("a segment to wait", () => Task.FromResult(
            archive.Events.Any(e => e.StartsWith("store failed", StringComparison.Ordinal))));
        proxy.FailAt = 0;
        await ChangeAsync();

        // Each of the first requests of the next process fails once.
        for (int request = 1; request <= RequestsSwept; request++)
        {
            await archive.StopAsync();
            (proxy.Fault, proxy.ForGood) = (fault, false);
            proxy.FailAt = proxy.Requests.Count + request;
            await archive.StartAsync();
            await ChangeAsync();
        }

        await archive.StopAsync();
        proxy.FailAt = 0;
        RestoreWindow window = Assert.Single(await archive.WindowsAsync());
        foreach (LiveMoment moment in moments.Where(m => m.Revision >= window.FromRevision))
        {
            (string path, _) = await archive.RestoreAsync(
                new RestoreSelection { Revision = moment.Revision }, $"restored-{moment.Revision}");
            moment.AssertEqual(path);
        }

        async Task ChangeAsync()
        {
            await etcd.ChangeAsync(IndependentClient.Put("/key", $"value {moments.Count}"));
            moments.Add(await LiveMoment.ReadAsync(etcd));
            await archive.UntilStoredAsync(etcd.Revision);
        }
    }
}
