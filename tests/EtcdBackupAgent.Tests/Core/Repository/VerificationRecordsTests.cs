using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.History;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Core.Retention;
using EtcdBackupAgent.Core.Verification;
using EtcdBackupAgent.Output;
using EtcdBackupAgent.Snapshots.Verification;
using EtcdBackupAgent.Testing.Storage;
using EtcdBackupAgent.Tests.Core.Documents;
using Xunit;

namespace EtcdBackupAgent.Tests.Core.Repository;

/// <summary>The records beside the manifests: which one counts, and when records are removed.</summary>
public sealed class VerificationRecordsTests : IDisposable
{
    private static readonly TimeSpan JustOld = PruneRun.UnreferencedAgeMin + TimeSpan.FromMinutes(1);

    private readonly UseCaseFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public async Task A_new_record_replaces_the_previous_one()
    {
        (BackupRepository repository, BackupOutcome made) = await MakeAsync();

        await VerifyAsync(repository, hour: 1);
        await VerifyAsync(repository, hour: 2, sound: false);

        Assert.Equal("verification-20260101T020000Z.json", Path.GetFileName(Assert.Single(Records())));
        Assert.True((await repository.FindAsync(made.Folder.Id.Value, CancellationToken.None)).IsDamaged);
    }

    [Fact]
    public async Task Two_in_one_second_leave_the_later_one()
    {
        (BackupRepository repository, BackupOutcome made) = await MakeAsync();

        await VerifyAsync(repository, hour: 1);
        await VerifyAsync(repository, hour: 1, sound: false);

        Assert.Single(Records());
        Assert.True((await repository.FindAsync(made.Folder.Id.Value, CancellationToken.None)).IsDamaged);
    }

    [Fact]
    public async Task An_unreadable_record_does_not_count_and_is_reported()
    {
        (BackupRepository repository, _) = await MakeAsync();
        await VerifyAsync(repository, hour: 1, sound: false);
        string text = await File.ReadAllTextAsync(Records()[0]);
        await File.WriteAllTextAsync(Records()[0], text.Replace("Damaged", "Sound", StringComparison.Ordinal));

        Snapshot snapshot = await repository.FindAsync("latest", CancellationToken.None);

        Assert.Null(snapshot.Verification);
        Assert.Contains(
            "verification-20260101T010000Z.json", snapshot.VerificationProblem!.Message, StringComparison.Ordinal);
        SnapshotHistory history = SnapshotHistory.Of([snapshot], []);
        Assert.Contains(
            SnapshotText.Details(snapshot, history),
            line => line.Contains("a record is ignored", StringComparison.Ordinal));
        Assert.NotNull(SnapshotText.Document(snapshot, history)["verificationProblem"]);
    }

    [Fact]
    public async Task A_record_of_another_manifest_does_not_count_and_is_reported()
    {
        (BackupRepository repository, BackupOutcome made) = await MakeAsync();
        await VerifyAsync(repository, hour: 1);
        SnapshotManifest other = made.Manifest with { AgentVersion = "9.9.9" };
        await File.WriteAllBytesAsync(
            Path.Combine(_fixture.RepositoryPath, made.Folder.ManifestKey.Value), RepositoryJson.Write(other));

        Snapshot snapshot = await repository.FindAsync("latest", CancellationToken.None);

        Assert.Null(snapshot.Verification);
        Assert.Contains("of another manifest", snapshot.VerificationProblem!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_newer_record_is_found_if_it_replaces_the_old_one_during_a_listing()
    {
        (BackupRepository repository, _) = await MakeAsync();
        await VerifyAsync(repository, hour: 1);
        string old = Records()[0];
        byte[] bytes = await File.ReadAllBytesAsync(old);
        await VerifyAsync(repository, hour: 2, sound: false);
        string replacement = Records()[0];
        await File.WriteAllBytesAsync(old, bytes);
        FaultyObjectStore store = new(_fixture.Store);
        store.Unseen = (listing, key) =>
        {
            // The first listing contains only the old record, which no longer exists when it is read.
            if (listing == 1 && key.Value.EndsWith(Path.GetFileName(old), StringComparison.Ordinal))
            {
                File.Delete(old);
            }

            return listing == 1 && key.Value.EndsWith(Path.GetFileName(replacement), StringComparison.Ordinal);
        };
        BackupRepository meanwhile = await BackupRepository.OpenAsync(store, CancellationToken.None);

        Snapshot snapshot = Assert.Single((await meanwhile.TakeInventoryAsync(CancellationToken.None)).Snapshots);

        Assert.True(snapshot.IsDamaged);
    }

    [Fact]
    public async Task Removing_a_snapshot_removes_its_record()
    {
        (BackupRepository repository, BackupOutcome made) = await MakeAsync();
        await VerifyAsync(repository, hour: 1);

        await new DeleteRun(repository, "test").ExecuteAsync(made.Folder.Id.Value, CancellationToken.None);

        Assert.Equal(["repository.json"], _fixture.StoredFiles());
    }

    [Fact]
    public async Task A_record_with_a_name_from_a_wrong_clock_does_not_hide_the_next()
    {
        (BackupRepository repository, BackupOutcome made) = await MakeAsync();
        await VerifyAsync(repository, hour: 24 * 900);
        string future = Assert.Single(Records());
        byte[] bytes = await File.ReadAllBytesAsync(future);
        await VerifyAsync(repository, hour: 1);
        await File.WriteAllBytesAsync(future, bytes);

        Snapshot snapshot = await repository.FindAsync(made.Folder.Id.Value, CancellationToken.None);

        Assert.Equal(SampleSnapshots.NewYear.AddHours(1).Date, snapshot.Verification!.CompletedAt.UtcDateTime.Date);
    }

    [Fact]
    public async Task A_folder_with_only_a_record_is_not_a_snapshot_and_is_removed_after_a_day()
    {
        (BackupRepository repository, BackupOutcome made) = await MakeAsync();
        await VerifyAsync(repository, hour: 1);
        string folder = Path.Combine(_fixture.RepositoryPath, made.Folder.ToString());
        foreach (string file in Directory.GetFiles(folder).Except(Records()))
        {
            File.Delete(file);
        }

        Assert.Empty((await repository.TakeInventoryAsync(CancellationToken.None)).Snapshots);
        _fixture.Age(made.Folder, JustOld);
        PruneReport report = await new PruneRun(repository, "test", TimeProvider.System)
            .ExecuteAsync(rule: null, dryRun: false, CancellationToken.None);

        Assert.Single(report.UnreferencedObjects);
        Assert.Equal(["repository.json"], _fixture.StoredFiles());
    }

    [Fact]
    public async Task Latest_skips_a_snapshot_that_is_known_to_be_damaged()
    {
        BackupRepository repository = await _fixture.InitAsync();
        BackupOutcome good = await _fixture.BackUpAsync(
            repository, SnapshotBytes.Create(512, seed: 1), new ShiftedTime(SampleSnapshots.NewYear.AddDays(-1)));
        await _fixture.BackUpAsync(
            repository, SnapshotBytes.Create(512, seed: 2), new ShiftedTime(SampleSnapshots.NewYear));

        await VerifyAsync(repository, hour: 1, sound: false);

        Assert.Equal(good.Folder.Id, (await repository.FindAsync("latest", CancellationToken.None)).Id);
    }

    [Fact]
    public void Only_names_with_a_time_are_records()
    {
        SnapshotFolder folder = RepositoryJsonTests.NewFolder("34abbf1b");

        Assert.True(folder.IsVerification(folder.VerificationKey(SampleSnapshots.NewYear)));
        Assert.False(folder.IsVerification(folder.ManifestKey));
        Assert.False(folder.IsVerification(folder.Key("verification-.json")));
        Assert.False(folder.IsVerification(folder.Key("verification-20261301T000000Z.json")));
        Assert.False(
            RepositoryJsonTests.NewFolder("00000000").IsVerification(folder.VerificationKey(SampleSnapshots.NewYear)));
    }

    private async Task<(BackupRepository Repository, BackupOutcome Made)> MakeAsync()
    {
        BackupRepository repository = await _fixture.InitAsync();
        return (repository, await _fixture.BackUpAsync(
            repository, SnapshotBytes.Create(512), new ShiftedTime(SampleSnapshots.NewYear)));
    }

    private async Task VerifyAsync(BackupRepository repository, int hour, bool sound = true)
    {
        ShiftedTime time = new(SampleSnapshots.NewYear.AddHours(hour));
        DeepVerifyRun run = _fixture.DeepVerifyRun(
            repository,
            (_, _, _, _) => UseCaseFixture.Proof(sound ? null : CheckedPart.Pages),
            time: time);
        await run.VerifyAsync("latest", UseCaseFixture.NoProgress, CancellationToken.None).SingleAsync();
    }

    private string[] Records() =>
        Directory.GetFiles(_fixture.RepositoryPath, "verification-*.json", SearchOption.AllDirectories);
}
