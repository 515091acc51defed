using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Core.Verification;
using EtcdBackupAgent.Snapshots.Verification;
using EtcdBackupAgent.Testing.Storage;
using Xunit;

namespace EtcdBackupAgent.Tests.Core.Backups;

/// <summary>How often HashKV is requested from etcd, and what the manifest contains otherwise.</summary>
public sealed class HashKvStepTests : IDisposable
{
    private const long GiB = 1L << 30;

    private static readonly DateTimeOffset Now = SampleSnapshots.NewYear.AddDays(10);

    private readonly UseCaseFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    [Theory]
    [InlineData(PolicyHashKv.Daily, 0, false)]
    [InlineData(PolicyHashKv.Daily, 60, false)]
    [InlineData(PolicyHashKv.Daily, 23 * 60, false)]
    [InlineData(PolicyHashKv.Daily, (23 * 60) + 29, false)]
    [InlineData(PolicyHashKv.Daily, (23 * 60) + 31, true)]
    [InlineData(PolicyHashKv.Daily, 24 * 60, true)]
    [InlineData(PolicyHashKv.Daily, -60, true)]
    [InlineData(PolicyHashKv.AfterBackup, 1, true)]
    [InlineData(PolicyHashKv.Never, 48 * 60, false)]
    public async Task It_is_due_by_the_minutes_since_the_last_one(PolicyHashKv when, int minutesAgo, bool isDue)
    {
        BackupRepository repository = await _fixture.InitAsync();
        BackupOutcome last = await BackUpAsync(repository, Now.AddMinutes(-minutesAgo), PolicyHashKv.AfterBackup);

        BackupOutcome outcome = await BackUpAsync(repository, Now, when);

        Assert.NotNull(last.Manifest.Etcd!.HashKv);
        Assert.Equal(isDue, outcome.Manifest.Etcd!.HashKv is not null);
        Assert.Empty(outcome.Warnings);
        string? sentence = (when, isDue) switch
        {
            (_, true) => null,
            (PolicyHashKv.Never, _) => "The policy does not request HashKV (hashKV: Never).",
            _ => "HashKV was not due: the policy requests it daily (hashKV: Daily), and snapshot "
                + $"{last.Manifest.Id} of {last.Manifest.StartedAt:u} has one.",
        };
        Assert.Equal(sentence, outcome.Manifest.Etcd!.HashKvMissing);
    }

    [Fact]
    public async Task A_daily_schedule_has_one_each_day_although_its_backups_start_some_minutes_early_or_late()
    {
        BackupRepository repository = await _fixture.InitAsync();
        int day = 0;
        foreach (int minutesLate in (int[])[0, 7, 1, 12, 0])
        {
            DateTimeOffset at = Now.AddDays(day++).AddMinutes(minutesLate);

            Assert.NotNull((await BackUpAsync(repository, at, PolicyHashKv.Daily)).Manifest.Etcd!.HashKv);
        }
    }

    [Fact]
    public async Task An_hourly_schedule_has_one_of_24_backups()
    {
        BackupRepository repository = await _fixture.InitAsync();
        List<int> asked = [];
        for (int hour = 0; hour <= 48; hour++)
        {
            BackupOutcome outcome = await BackUpAsync(repository, Now.AddHours(hour), PolicyHashKv.Daily);
            if (outcome.Manifest.Etcd!.HashKv is not null)
            {
                asked.Add(hour);
            }
        }

        Assert.Equal([0, 24, 48], asked);
    }

    [Theory]
    [InlineData("another policy")]
    [InlineData("another cluster")]
    [InlineData("no HashKV")]
    [InlineData("damaged")]
    [InlineData("incomplete")]
    public async Task A_snapshot_that_proves_nothing_for_this_policy_does_not_count(string what)
    {
        BackupRepository repository = await _fixture.InitAsync();
        BackupOutcome last = await BackUpAsync(
            repository,
            Now.AddHours(-1),
            what == "no HashKV" ? PolicyHashKv.Never : PolicyHashKv.AfterBackup,
            member => what == "another cluster" ? member with { ClusterId = new EtcdId(7) } : member,
            policy: what == "another policy" ? "hourly" : "nightly");
        if (what == "damaged")
        {
            await foreach (DeepVerifyOutcome _ in _fixture
                .DeepVerifyRun(repository, (_, _, _, _) => UseCaseFixture.Proof(CheckedPart.Pages))
                .VerifyAsync(idText: null, UseCaseFixture.NoProgress, CancellationToken.None))
            {
            }
        }
        else if (what == "incomplete")
        {
            await _fixture.Store.DeleteAsync([last.Manifest.Artifacts[0].Key], CancellationToken.None);
        }

        Assert.NotNull((await BackUpAsync(repository, Now, PolicyHashKv.Daily)).Manifest.Etcd!.HashKv);
    }

    [Theory]
    [InlineData(PolicyHashKv.Daily, 5 * GiB, null, "5.0 GiB")]
    [InlineData(PolicyHashKv.Daily, 9 * GiB, (4 * GiB) + 1, "4.0 GiB")]
    [InlineData(PolicyHashKv.Daily, 9 * GiB, 4 * GiB, null)]
    [InlineData(PolicyHashKv.Daily, 4 * GiB, null, null)]
    [InlineData(PolicyHashKv.AfterBackup, 9 * GiB, 8 * GiB, null)]
    public async Task A_large_database_is_hashed_only_if_the_policy_requests_it_after_each_backup(
        PolicyHashKv when, long size, long? inUse, string? tooLarge)
    {
        BackupRepository repository = await _fixture.InitAsync();

        BackupOutcome outcome = await BackUpAsync(
            repository, Now, when, member => member with { DbSizeBytes = size, DbSizeInUseBytes = inUse });

        Assert.Equal(
            tooLarge is null
                ? null
                : $"{tooLarge} of the database are in use; above 4 GiB HashKV is requested only with "
                    + "hashKV: AfterBackup.",
            outcome.Manifest.Etcd!.HashKvMissing);
        Assert.Empty(outcome.Warnings);
    }

    [Fact]
    public async Task Unreadable_manifests_fail_no_backup_and_etcd_is_not_asked()
    {
        BackupRepository sound = await _fixture.InitAsync();
        await BackUpAsync(sound, Now.AddHours(-1), PolicyHashKv.Daily);
        FaultyObjectStore store = new(_fixture.Store);
        BackupRepository repository = await BackupRepository.OpenAsync(store, CancellationToken.None);
        // The listing for the ID, database, certificates, the listing for the last HashKV; then its manifest.
        store.FailAt = store.Operations.Count + 5;

        BackupOutcome outcome = await BackUpAsync(repository, Now, PolicyHashKv.Daily);

        Assert.True(store.Struck);
        Assert.Null(outcome.Manifest.Etcd!.HashKv);
        Assert.StartsWith(
            "It is not known whether HashKV is due (hashKV: Daily), because the repository cannot be read: ",
            outcome.Manifest.Etcd!.HashKvMissing,
            StringComparison.Ordinal);
        string warning = Assert.Single(outcome.Warnings);
        Assert.Contains(outcome.Manifest.Etcd!.HashKvMissing!, warning, StringComparison.Ordinal);
    }

    private Task<BackupOutcome> BackUpAsync(
        BackupRepository repository,
        DateTimeOffset at,
        PolicyHashKv when,
        Func<EtcdMember, EtcdMember>? member = null,
        string policy = "nightly") =>
        UseCaseFixture
            .Run(repository, SnapshotBytes.Source(SnapshotBytes.Create(512), member: member), new ShiftedTime(at))
            .ExecuteAsync(
                _fixture.Request() with
                {
                    HashKv = when,
                    Policy = new ResourceName(ResourceName.NamespaceDefault, policy),
                },
                UseCaseFixture.NoProgress,
                CancellationToken.None);
}
