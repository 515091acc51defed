using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.History;
using EtcdBackupAgent.Core.Repository;
using Xunit;

namespace EtcdBackupAgent.Tests.Core.Backups;

public sealed class BackupRunTests : IDisposable
{
    private readonly UseCaseFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public async Task A_backup_is_listed_with_the_facts_of_its_source()
    {
        BackupRepository repository = await _fixture.InitAsync();

        BackupOutcome outcome = await _fixture.BackUpAsync(repository, SnapshotBytes.Create(512 * 100));

        Snapshot listed = Assert.Single((await repository.TakeInventoryAsync(CancellationToken.None)).Snapshots);
        Assert.True(listed.IsComplete);
        Assert.Equal(outcome.Folder, listed.Folder);
        Assert.Equal(4711, listed.Manifest.Revision);
        Assert.Equal([ArtifactKind.Etcd, ArtifactKind.Certs], listed.Manifest.Artifacts.Select(a => a.Kind));
        Assert.Equal((512 * 100) + 32, listed.Manifest.Artifacts[0].PlainBytes);
        Assert.Equal(
            new FileInfo(Path.Combine(_fixture.RepositoryPath, listed.Manifest.Artifacts[0].Key.Value)).Length,
            listed.Manifest.Artifacts[0].StoredBytes);
    }

    [Fact]
    public async Task Without_a_certificates_directory_only_the_database_is_stored()
    {
        BackupRepository repository = await _fixture.InitAsync();

        BackupOutcome outcome = await UseCaseFixture.Run(repository, SnapshotBytes.Source(SnapshotBytes.Create(512)))
            .ExecuteAsync(_fixture.Request(certs: false), UseCaseFixture.NoProgress, CancellationToken.None);

        Assert.Equal(ArtifactKind.Etcd, Assert.Single(outcome.Manifest.Artifacts).Kind);
        Assert.DoesNotContain(_fixture.StoredFiles(), f => f.Contains("certs", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_broken_stream_leaves_nothing_and_fails_with_its_own_error()
    {
        BackupRepository repository = await _fixture.InitAsync();
        BackupException broken = new(FailureReason.SnapshotBroken, "The stream broke.");

        BackupException failure = await Assert.ThrowsAsync<BackupException>(() =>
            UseCaseFixture.Run(repository, SnapshotBytes.Source(SnapshotBytes.Create(512 * 200), broken))
                .ExecuteAsync(_fixture.Request(), UseCaseFixture.NoProgress, CancellationToken.None));

        Assert.Same(broken, failure);
        Assert.Equal(["repository.json"], _fixture.StoredFiles());
    }

    [Fact]
    public async Task A_missing_certificates_directory_leaves_nothing_although_the_database_was_stored()
    {
        BackupRepository repository = await _fixture.InitAsync();
        Directory.Delete(_fixture.CertsPath, recursive: true);

        BackupException failure = await Assert.ThrowsAsync<BackupException>(
            () => _fixture.BackUpAsync(repository, SnapshotBytes.Create(512)));

        Assert.Equal(FailureReason.CertificatesUnreadable, failure.Reason);
        Assert.Contains(_fixture.CertsPath, failure.Message, StringComparison.Ordinal);
        Assert.Equal(["repository.json"], _fixture.StoredFiles());
    }

    [Fact]
    public async Task A_cancelled_backup_leaves_nothing()
    {
        BackupRepository repository = await _fixture.InitAsync();
        using CancellationTokenSource cancellation = new();
        ISnapshotSource source = SnapshotBytes.Source(SnapshotBytes.Create(512 * 200), halfway: cancellation.Cancel);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => UseCaseFixture.Run(repository, source)
            .ExecuteAsync(_fixture.Request(), UseCaseFixture.NoProgress, cancellation.Token));

        Assert.Equal(["repository.json"], _fixture.StoredFiles());
    }

    [Fact]
    public async Task Two_simultaneous_backups_both_exist()
    {
        BackupRepository repository = await _fixture.InitAsync();

        BackupOutcome[] outcomes = await Task.WhenAll(
            _fixture.BackUpAsync(repository, SnapshotBytes.Create(512 * 300, seed: 1)),
            _fixture.BackUpAsync(repository, SnapshotBytes.Create(512 * 300, seed: 2)));

        Inventory inventory = await repository.TakeInventoryAsync(CancellationToken.None);
        Assert.Equal(
            outcomes.Select(o => o.Folder.Id.Value).Order(StringComparer.Ordinal),
            inventory.Snapshots.Select(s => s.Id.Value).Order(StringComparer.Ordinal));
        Assert.All(inventory.Snapshots, s => Assert.True(s.IsComplete));
    }

    [Fact]
    public async Task Of_two_backups_in_one_second_the_later_one_is_the_latest()
    {
        BackupRepository repository = await _fixture.InitAsync();
        List<SnapshotId> made = [];
        for (int i = 0; i < 8; i++)
        {
            ShiftedTime time = new(SampleSnapshots.NewYear.AddMilliseconds(i));
            made.Add((await _fixture.BackUpAsync(repository, SnapshotBytes.Create(512), time)).Folder.Id);
        }

        Inventory inventory = await repository.TakeInventoryAsync(CancellationToken.None);

        Assert.Equal(made, inventory.Snapshots.Select(s => s.Id));
        Assert.Equal(made[^1], (await repository.FindAsync("latest", CancellationToken.None)).Id);
    }

    [Fact]
    public async Task Init_creates_one_repository_and_changes_nothing_the_second_time()
    {
        BackupRepository first = await _fixture.InitAsync();

        BackupException failure = await Assert.ThrowsAsync<BackupException>(_fixture.InitAsync);

        Assert.Equal(FailureReason.RepositoryExists, failure.Reason);
        BackupRepository opened = await BackupRepository.OpenAsync(_fixture.Store, CancellationToken.None);
        Assert.Equal(first.Document.Id, opened.Document.Id);
    }

    [Fact]
    public async Task Opening_a_missing_repository_reports_it()
    {
        BackupException failure = await Assert.ThrowsAsync<BackupException>(
            () => BackupRepository.OpenAsync(_fixture.Store, CancellationToken.None));

        Assert.Equal(FailureReason.RepositoryNotFound, failure.Reason);
        Assert.Contains(_fixture.Store.Address, failure.Message, StringComparison.Ordinal);
    }
}
