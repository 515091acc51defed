using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Snapshots.Verification;
using EtcdBackupAgent.Testing;
using Xunit;

namespace EtcdBackupAgent.Tests.Core.Backups;

/// <summary>HashKV is asked for while the database is read, and never decides about a backup.</summary>
public sealed class BackupHashKvTests : IDisposable
{
    private readonly UseCaseFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public async Task The_answer_goes_into_the_manifest()
    {
        BackupOutcome outcome = await BackUpAsync(SnapshotBytes.Source(SnapshotBytes.Create(512)));

        Assert.Equal(SampleSnapshots.Hash, outcome.Manifest.Etcd.HashKv);
        Assert.Null(outcome.Manifest.Etcd.HashKvMissing);
        Assert.Empty(outcome.Warnings);
    }

    [Fact]
    public async Task The_database_is_read_while_the_answer_is_waited_for()
    {
        // The answer comes when half of the database has been read: a backup that waited first would never end.
        TaskCompletionSource<HashKv> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        ISnapshotSource source = SnapshotBytes.Source(
            SnapshotBytes.Create(512 * 200), halfway: () => answer.SetResult(SampleSnapshots.Hash), hashKv: _ => answer.Task);

        BackupOutcome outcome = await BackUpAsync(source).WaitAsync(TestDeadline.Patience);

        Assert.Equal(SampleSnapshots.Hash, outcome.Manifest.Etcd.HashKv);
    }

    [Fact]
    public async Task Without_an_answer_the_backup_exists_and_says_why()
    {
        BackupException compacted = new(FailureReason.EtcdFailed, "It was compacted.");

        BackupOutcome outcome = await BackUpAsync(
            SnapshotBytes.Source(SnapshotBytes.Create(512), hashKv: _ => throw compacted));

        Assert.Null(outcome.Manifest.Etcd.HashKv);
        Assert.Equal("It was compacted.", outcome.Manifest.Etcd.HashKvMissing);
        Assert.Contains("It was compacted.", Assert.Single(outcome.Warnings), StringComparison.Ordinal);
        BackupRepository repository = await BackupRepository.OpenAsync(_fixture.Store, CancellationToken.None);
        Snapshot listed = await repository.FindAsync("latest", CancellationToken.None);
        Assert.Equal("It was compacted.", listed.Manifest.Etcd.HashKvMissing);
    }

    [Fact]
    public async Task A_cancelled_backup_does_not_wait_for_the_answer()
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
    public async Task A_failed_backup_does_not_wait_for_the_answer_and_ends_the_question()
    {
        BackupException broken = new(FailureReason.SnapshotBroken, "The stream broke.");
        CancellationToken asked = default;
        ISnapshotSource source = SnapshotBytes.Source(SnapshotBytes.Create(512 * 200), broken, hashKv: token =>
        {
            asked = token;
            return Never(token);
        });

        BackupException failure = await Assert.ThrowsAsync<BackupException>(
            () => BackUpAsync(source).WaitAsync(TestDeadline.Patience));

        Assert.Same(broken, failure);
        Assert.True(asked.IsCancellationRequested);
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
