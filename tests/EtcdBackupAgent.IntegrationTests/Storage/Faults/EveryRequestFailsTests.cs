using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.Retention;
using EtcdBackupAgent.Testing.Storage;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.Storage.Faults;

/// <summary>
/// Makes every single request of every use case to a real S3 server fail: refused, cut before it completes, cut after
/// it, cut in the middle of its response. A single failure is retried and nothing is lost; a permanent failure is
/// reported and nothing is broken.
/// </summary>
public sealed class EveryRequestFailsTests(RgwFixture server) : IClassFixture<RgwFixture>
{
    /// <summary>More than one part of an upload.</summary>
    private const int SeveralPartsBytes = 9 << 20;

    /// <summary>The fault of a request, and whether all later requests fail too.</summary>
    public static TheoryData<RequestFault, bool> Faults { get; } = new()
    {
        { RequestFault.Refused, false },
        { RequestFault.CutBefore, false },
        { RequestFault.CutAfter, false },
        { RequestFault.CutMidway, false },
        { RequestFault.Refused, true },
        { RequestFault.CutBefore, true },
        { RequestFault.CutAfter, true },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task A_backup_and_its_retention(RequestFault fault, bool forGood)
    {
        int requests = await RequestFaultScene.SweepAsync(server, fault, forGood, async (scene, repository) =>
        {
            BackupOutcome outcome = await scene.BackUpAsync(repository, retain: 1);
            if (outcome.PruneFailure is { } failure)
            {
                Assert.Contains(outcome.Folder.Id.Value, await scene.ListedAsync());
                throw failure;
            }

            Assert.Equal([outcome.Folder.Id.Value], await scene.ListedAsync());
        });

        Assert.InRange(requests, 13, 40);
    }

    [Theory]
    [InlineData(RequestFault.Refused, false)]
    [InlineData(RequestFault.CutBefore, false)]
    [InlineData(RequestFault.CutAfter, false)]
    [InlineData(RequestFault.CutMidway, false)]
    [InlineData(RequestFault.CutAfter, true)]
    public async Task A_backup_in_several_parts(RequestFault fault, bool forGood)
    {
        int requests = await RequestFaultScene.SweepAsync(
            server, fault, forGood, (scene, repository) => scene.BackUpAsync(repository, bytes: SeveralPartsBytes));

        // Open, list, start, two parts, complete, certificates, check the manifest, create it.
        Assert.InRange(requests, 9, 10);
    }

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task A_prune(RequestFault fault, bool forGood)
    {
        int requests = await RequestFaultScene.SweepAsync(server, fault, forGood, async (scene, repository) =>
        {
            await new PruneRun(repository, "test", TimeProvider.System).ExecuteAsync(
                scene.KeepOne, dryRun: false, CancellationToken.None);
            Assert.Equal(scene.Before.Skip(1), await scene.ListedAsync());
        });

        Assert.InRange(requests, 7, 20);
    }

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task A_delete(RequestFault fault, bool forGood)
    {
        int requests = await RequestFaultScene.SweepAsync(server, fault, forGood, async (scene, repository) =>
        {
            await new DeleteRun(repository, "test").ExecuteAsync(scene.Before[1], CancellationToken.None);
            Assert.Equal([scene.Before[0]], await scene.ListedAsync());
        });

        Assert.InRange(requests, 5, 20);
    }

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task A_verification(RequestFault fault, bool forGood)
    {
        int requests = await RequestFaultScene.SweepAsync(
            server, fault, forGood, (_, repository) => RequestFaultScene.VerifyAsync(repository));

        // Open, list three times, two manifests, two artifacts each.
        Assert.Equal(10, requests);
    }

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task A_deep_verification(RequestFault fault, bool forGood)
    {
        int requests = await RequestFaultScene.SweepAsync(
            server, fault, forGood, (scene, repository) => scene.VerifyDeeplyAsync(repository));

        Assert.InRange(requests, 12, 30);
    }

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task A_restore(RequestFault fault, bool forGood)
    {
        int requests = await RequestFaultScene.SweepAsync(server, fault, forGood, async (scene, repository) =>
        {
            await RequestFaultScene.RestoreAsync(repository, "latest", scene.Target);
            Assert.Equal(2, Directory.GetFileSystemEntries(scene.Target).Length);
        });

        // Open, list three times, two manifests, the database, the certificates twice.
        Assert.Equal(9, requests);
    }
}
