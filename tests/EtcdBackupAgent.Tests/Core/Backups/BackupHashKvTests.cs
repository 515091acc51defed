using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.History;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Snapshots.Verification;
using EtcdBackupAgent.Testing;
using EtcdBackupAgent.Testing.Etcd;
using Xunit;

namespace EtcdBackupAgent.Tests.Core.Backups;

/// <summary>HashKV is requested after the database was read, and never fails a backup.</summary>
public sealed class BackupHashKvTests : IDisposable
{
    private readonly UseCaseFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public async Task The_hash_is_stored_in_the_manifest()
    {
        BackupOutcome outcome = await BackUpAsync(SnapshotBytes.Source(SnapshotBytes.Create(512)));

        Assert.Equal(SampleSnapshots.Hash, outcome.Manifest.Etcd!.HashKv);
        Assert.Null(outcome.Manifest.Etcd!.HashKvMissing);
        Assert.Empty(outcome.Warnings);
    }

    [Fact]
    public async Task It_is_the_last_request_to_etcd()
    {
        FaultySnapshotSource source = new(SnapshotBytes.Source(SnapshotBytes.Create(512 * 200)));

        await BackUpAsync(source);

        Assert.Equal(FaultySnapshotSource.HashKvQuestion, source.Operations[^1]);
        Assert.Single(source.Operations, operation => operation == FaultySnapshotSource.HashKvQuestion);
    }

    [Fact]
    public async Task Without_a_response_the_backup_exists_and_records_the_reason()
    {
        BackupException compacted = new(FailureReason.EtcdFailed, "It was compacted.");

        BackupOutcome outcome = await BackUpAsync(
            SnapshotBytes.Source(SnapshotBytes.Create(512), hashKv: _ => throw compacted));

        Assert.Null(outcome.Manifest.Etcd!.HashKv);
        Assert.Equal("It was compacted.", outcome.Manifest.Etcd!.HashKvMissing);
        Assert.Contains("It was compacted.", Assert.Single(outcome.Warnings), StringComparison.Ordinal);
        BackupRepository repository = await BackupRepository.OpenAsync(_fixture.Store, CancellationToken.None);
        Snapshot listed = await repository.FindAsync("latest", CancellationToken.None);
        Assert.Equal("It was compacted.", listed.Manifest.Etcd!.HashKvMissing);
    }

    [Fact]
    public async Task A_cancelled_backup_does_not_wait_for_the_response()
    {
        using CancellationTokenSource cancellation = new();
        ISnapshotSource source = SnapshotBytes.Source(
            SnapshotBytes.Create(512), hashKv: token =>
            {
                cancellation.Cancel();
                return Never(token);
            });

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => BackUpAsync(source, cancellation.Token).WaitAsync(TestDeadline.Patience));

        Assert.Equal(["repository.json"], _fixture.StoredFiles());
    }

    [Fact]
    public async Task A_failed_backup_does_not_request_it()
    {
        BackupException broken = new(FailureReason.SnapshotBroken, "The stream broke.");
        FaultySnapshotSource source = new(SnapshotBytes.Source(SnapshotBytes.Create(512 * 200), broken));

        Assert.Same(broken, await Assert.ThrowsAsync<BackupException>(() => BackUpAsync(source)));

        Assert.DoesNotContain(FaultySnapshotSource.HashKvQuestion, source.Operations);
        Assert.Equal(["repository.json"], _fixture.StoredFiles());
    }

    private static async Task<HashKv> Never(CancellationToken cancellationToken)
    {
        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
        return SampleSnapshots.Hash;
    }

    private async Task<BackupOutcome> BackUpAsync(ISnapshotSource source, CancellationToken cancellationToken = default)
    {
        BackupRepository repository = await _fixture.InitAsync();
        return await UseCaseFixture.Run(repository, source)
            .ExecuteAsync(_fixture.Request(), UseCaseFixture.NoProgress, cancellationToken);
    }
}
