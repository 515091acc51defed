using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Core.Retention;
using EtcdBackupAgent.Core.Stores;
using EtcdBackupAgent.Core.Transfers;
using EtcdBackupAgent.Testing.Storage;
using EtcdBackupAgent.Tests.Core;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.Storage.Dialects;

/// <summary>Unfinished uploads that cannot be listed or aborted cause a warning; everything else is pruned.</summary>
[Collection(RgwTests.Name)]
public sealed class PendingUploadTests(RgwFixture fixture)
{
    [Theory]
    [InlineData(S3Call.ListMultipartUploads, 403, "AccessDenied", "s3:ListBucketMultipartUploads")]
    [InlineData(S3Call.ListMultipartUploads, 501, "NotImplemented", "501 NotImplemented")]
    [InlineData(S3Call.AbortMultipartUpload, 403, "AccessDenied", "s3:AbortMultipartUpload")]
    [InlineData(S3Call.AbortMultipartUpload, 405, "MethodNotAllowed", "405 MethodNotAllowed")]
    public async Task A_refusal_causes_a_warning_and_the_rest_is_pruned(
        S3Call call, int status, string code, string part)
    {
        await using DialectScene scene = await DialectScene.CreateAsync(fixture);
        BackupRepository direct = await BackupRepository.InitAsync(
            scene.Direct, new Unprotected(), TimeProvider.System, CancellationToken.None);
        await BackUpAsync(direct, daysAgo: 2);
        using BucketOwner owner = new(fixture.Server);
        await owner.BeginUploadAsync(scene.Options.BucketName, "snapshots/left");
        scene.Refuse(call, new S3Answer(status, code));
        BackupRepository repository = await BackupRepository.OpenAsync(scene.Store, CancellationToken.None);

        BackupOutcome made = await BackUpAsync(repository, daysAgo: 1);
        PruneRun prune = new(repository, "test", TimeProvider.System) { UnreferencedAge = TimeSpan.FromMinutes(-1) };

        PruneReport pruned = await prune.ExecuteAsync(
            RetentionRule.After(made.Manifest, PolicyRetention.Newest(1)), dryRun: false, CancellationToken.None);

        Assert.Single(pruned.Removed);
        Assert.Empty(pruned.StaleUploads);
        Assert.Contains(pruned.Warnings, warning => warning.Contains(part, StringComparison.Ordinal));
        Inventory inventory = await direct.TakeInventoryAsync(CancellationToken.None);
        Assert.Equal(made.Folder.Id, Assert.Single(inventory.Snapshots).Id);
        PendingUpload left = Assert.Single(
            await scene.Direct.ListPendingUploadsAsync(CancellationToken.None).ToListAsync());
        Assert.Equal("snapshots/left", left.Key);
    }

    private static Task<BackupOutcome> BackUpAsync(BackupRepository repository, int daysAgo) =>
        new BackupRun(
            repository,
            SnapshotBytes.Source(SnapshotBytes.Create(2048, daysAgo)),
            "1.2.3",
            new ShiftedTime(TimeSpan.FromDays(-daysAgo)))
        .ExecuteAsync(
            new BackupRequest
            {
                Policy = new ResourceName(ResourceName.NamespaceDefault, "nightly"),
                Occasion = BackupOccasion.Of(BackupReason.OnDemand),
            },
            new Progress<TransferProgress>(),
            CancellationToken.None);
}
