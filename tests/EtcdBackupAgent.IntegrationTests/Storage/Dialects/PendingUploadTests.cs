using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.Keys;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Testing.Storage;
using EtcdBackupAgent.Tests.Core;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.Storage.Dialects;

/// <summary>Unfinished uploads that cannot be listed or aborted cost a warning; all else is pruned.</summary>
[Collection(RgwTests.Name)]
public sealed class PendingUploadTests(RgwFixture fixture)
{
    [Theory]
    [InlineData(S3Call.ListMultipartUploads, 403, "AccessDenied", "s3:ListBucketMultipartUploads")]
    [InlineData(S3Call.ListMultipartUploads, 501, "NotImplemented", "501 NotImplemented")]
    [InlineData(S3Call.AbortMultipartUpload, 403, "AccessDenied", "s3:AbortMultipartUpload")]
    [InlineData(S3Call.AbortMultipartUpload, 405, "MethodNotAllowed", "405 MethodNotAllowed")]
    public async Task A_refusal_warns_and_the_rest_is_pruned(S3Call call, int status, string code, string part)
    {
        await using DialectScene scene = await DialectScene.CreateAsync(fixture);
        BackupRepository direct = await BackupRepository.InitAsync(
            scene.Direct, new Unprotected(), TimeProvider.System, CancellationToken.None);
        await BackUpAsync(direct, day: 1, retain: null);
        using BucketOwner owner = new(fixture.Server);
        await owner.BeginUploadAsync(scene.Options.BucketName, "snapshots/left");
        scene.Refuse(call, new S3Answer(status, code));
        BackupRepository repository = await BackupRepository.OpenAsync(scene.Store, CancellationToken.None);

        BackupOutcome made = await BackUpAsync(repository, day: 2, retain: 1);

        Assert.Null(made.PruneFailure);
        Assert.Single(made.Pruned!.Removed);
        Assert.Empty(made.Pruned.StaleUploads);
        Assert.Contains(made.Warnings, warning => warning.Contains(part, StringComparison.Ordinal));
        Inventory inventory = await direct.TakeInventoryAsync(CancellationToken.None);
        Assert.Equal(made.Folder.Id, Assert.Single(inventory.Snapshots).Id);
        PendingUpload left = Assert.Single(
            await scene.Direct.ListPendingUploadsAsync(CancellationToken.None).ToListAsync());
        Assert.Equal("snapshots/left", left.Key);
    }

    /// <summary>Some days after the real time, so that what is unfinished now is old then.</summary>
    private static Task<BackupOutcome> BackUpAsync(BackupRepository repository, int day, int? retain) =>
        new BackupRun(
            repository,
            SnapshotBytes.Source(SnapshotBytes.Create(2048, day)),
            "1.2.3",
            new ShiftedTime(TimeSpan.FromDays(day + 2)))
        .ExecuteAsync(
            new BackupRequest
            {
                Policy = new ResourceName(ResourceName.NamespaceDefault, "nightly"),
                Reason = BackupReason.OnDemand,
                RetainNumBackups = retain,
            },
            new Progress<TransferProgress>(),
            CancellationToken.None);
}
