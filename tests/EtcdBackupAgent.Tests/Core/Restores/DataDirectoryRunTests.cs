using System.Security.Cryptography;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Core.RestorePoints;
using EtcdBackupAgent.Core.Restores;
using EtcdBackupAgent.Core.Transfers;
using EtcdBackupAgent.Snapshots.DataDirectory;
using EtcdBackupAgent.Tests.Snapshots.Bolt;
using Xunit;

namespace EtcdBackupAgent.Tests.Core.Restores;

/// <summary>What a restore to a data directory accepts, and what it leaves when it fails.</summary>
public sealed class DataDirectoryRunTests : IDisposable
{
    private static readonly RestorePlan Plan = new()
    {
        Name = "n1",
        Cluster = InitialCluster.Parse("n1=http://a:1"),
        AdvertisePeerUrls = ["http://a:1"],
    };

    private readonly UseCaseFixture _fixture = new();
    private readonly byte[] _database;

    public DataDirectoryRunTests()
    {
        using WrittenDatabase database = new(4096, [new("key", 0, []), new("meta", 0, [])]);
        _database = database.ReadBytes();
        File.WriteAllBytes(_fixture["db"], _database);
    }

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public async Task A_failed_restore_removes_only_the_directories_that_it_created()
    {
        Directory.CreateDirectory(_fixture["old"]);
        File.WriteAllText(_fixture["db"], new string('x', 4096));

        BackupException e = await AssertRefusedAsync(new DataDirectoryRequest
        {
            DataDirectory = _fixture["old/a/b/data/"],
            WalDirectory = _fixture["old/a/log"],
            Plan = Plan,
        });

        Assert.Equal(FailureReason.DataDamaged, e.Reason);
        Assert.Contains("'etcd-backup-agent inspect FILE'", e.Hint, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(_fixture["old"]));
    }

    [Fact]
    public async Task A_directory_below_a_file_is_refused_and_nothing_is_created()
    {
        BackupException e = await AssertRefusedAsync(
            new DataDirectoryRequest { DataDirectory = _fixture["db/a/b"], Plan = Plan });

        Assert.Equal(FailureReason.TargetUnusable, e.Reason);
        Assert.StartsWith($"Cannot restore to {_fixture["db/a/b"]}: ", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("data")]
    [InlineData("log")]
    [InlineData("certs")]
    public async Task A_directory_that_is_not_empty_is_refused_and_the_hint_offers_no_useless_option(string full)
    {
        BackupRepository repository = await _fixture.InitAsync();
        await _fixture.BackUpAsync(repository, WithTrailer());
        Directory.CreateDirectory(_fixture[full]);
        File.WriteAllText(_fixture[$"{full}/mine"], "");

        BackupException e = await Assert.ThrowsAsync<BackupException>(() => FromRepositoryAsync(repository, Plan));

        Assert.Equal($"The directory {_fixture[full]} is not empty: it contains 'mine'.", e.Message);
        Assert.DoesNotContain("--overwrite", e.Hint, StringComparison.Ordinal);
        Assert.All(
            ((string[])["data", "log", "certs"]).Where(name => name != full),
            name => Assert.False(Directory.Exists(_fixture[name])));
    }

    [Fact]
    public async Task Files_that_appear_during_a_restore_stay_and_the_restore_leaves_nothing_beside_them()
    {
        BackupRepository repository = await _fixture.InitAsync();
        await _fixture.BackUpAsync(repository, WithTrailer());

        Meanwhile anEtcdStarts = new(() => Directory.CreateDirectory(_fixture["data/member/of-an-etcd-that-started"]));

        BackupException e = await Assert.ThrowsAsync<BackupException>(
            () => FromRepositoryAsync(repository, Plan, anEtcdStarts));

        Assert.Equal(FailureReason.TargetUnusable, e.Reason);
        Assert.StartsWith($"Cannot restore to {_fixture["data/member"]}: ", e.Message, StringComparison.Ordinal);
        Assert.Equal(["of-an-etcd-that-started"], Entries(_fixture["data/member"]));
        Assert.False(Directory.Exists(_fixture["log"]));
        Assert.False(Directory.Exists(_fixture["certs"]));
    }

    [Theory]
    [InlineData("data", "data", null)]
    [InlineData("data", "data/member/wal", null)]
    [InlineData("log/data", "log", null)]
    [InlineData("data", "link-to-data/member", null)]
    [InlineData("data", null, "data")]
    [InlineData("data", null, "data/pki")]
    [InlineData("certs/data", null, "certs")]
    [InlineData("data", "log", "log/certs")]
    public async Task Directories_that_would_contain_each_other_are_refused(
        string data, string? log, string? certificates)
    {
        Directory.CreateSymbolicLink(_fixture["link-to-data"], _fixture["data"]);

        BackupException e = await AssertRefusedAsync(new DataDirectoryRequest
        {
            DataDirectory = _fixture[data],
            WalDirectory = log is null ? null : _fixture[log],
            CertificatesDirectory = certificates is null ? null : _fixture[certificates],
            Plan = Plan,
        });

        Assert.Equal(FailureReason.InvalidInput, e.Reason);
        Assert.Matches(" (is in|is the same directory as) the ", e.Message);
        Assert.Equal(["db", "link-to-data", "pki"], Entries(_fixture[""]));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_log_may_be_in_the_data_directory_even_if_it_already_exists(bool there)
    {
        if (there)
        {
            Directory.CreateDirectory(_fixture["data/wal/lost+found"]);
        }

        DataDirectoryOutcome outcome = await RunAsync(new DataDirectoryRequest
        {
            DataDirectory = _fixture["data"],
            WalDirectory = _fixture["data/wal"],
            Plan = Plan,
        });

        Assert.Equal(_fixture["data/wal"], outcome.WalDirectory);
        Assert.Equal(["member", "wal"], Entries(_fixture["data"]));
        Assert.Equal(["snap"], Entries(_fixture["data/member"]));
        Assert.Contains(DataDirectoryWriter.WalFileName, Entries(_fixture["data/wal"]));
    }

    [Fact]
    public void A_token_that_gives_the_restored_cluster_the_identity_of_the_lost_one_is_refused()
    {
        RestorePlan same = Plan with { Token = "the old one" };
        SnapshotFolder folder = new(SampleSnapshots.NewYear, SnapshotId.New());
        SnapshotManifest lost = SampleSnapshots.Manifest(folder, cluster: same.Ids().ClusterId);

        BackupException e = Assert.Throws<BackupException>(() => RestoredIdentity.RequireOther(same, lost));

        Assert.Equal(FailureReason.InvalidInput, e.Reason);
        Assert.StartsWith(
            $"With the token 'the old one' the restored cluster would have the ID {lost.ClusterId} "
            + $"of the cluster that snapshot {folder.Id} was taken from. Members of that cluster",
            e.Message,
            StringComparison.Ordinal);
        RestoredIdentity.RequireOther(same with { Token = "another" }, lost);
        RestoredIdentity.RequireOther(Plan, lost);
    }

    [Fact]
    public async Task Without_a_token_one_is_derived_and_the_outcome_contains_everything_new()
    {
        BackupRepository repository = await _fixture.InitAsync();
        await _fixture.BackUpAsync(repository, WithTrailer());
        RestorePlan three = Plan with { Cluster = InitialCluster.Parse("n1=http://a:1,n2=http://b:1,n3=http://c:1") };

        DataDirectoryOutcome outcome = await FromRepositoryAsync(repository, three);

        RestoreSummary summary = outcome.Summary;
        Assert.Equal(ClusterToken.Derive(SHA256.HashData(_database), three), summary.Token);
        ClusterIds ids = (three with { Token = summary.Token }).Ids();
        Assert.Equal((ids.ClusterId, 3), (summary.ClusterId, summary.MemberIds.Count));
        Assert.Contains(summary.MemberId, ids.MemberIds);
        Assert.NotNull(outcome.Manifest);
    }

    [Fact]
    public async Task A_repeated_restore_is_refused_if_the_earlier_cluster_has_continued_to_run()
    {
        BackupRepository repository = await _fixture.InitAsync();
        await _fixture.BackUpAsync(repository, WithTrailer());
        RestorePlan three = Plan with { Cluster = InitialCluster.Parse("n1=http://a:1,n2=http://b:1,n3=http://c:1") };
        ulong earlier = (await FromRepositoryAsync(repository, three)).Summary.ClusterId;
        Array.ForEach(
            (string[])["data", "log", "certs"], name => Directory.Move(_fixture[name], _fixture[$"{name}.old"]));
        SnapshotFolder folder = new(SampleSnapshots.NewYear, SnapshotId.New());
        await repository.CommitAsync(
            folder, SampleSnapshots.Manifest(folder, cluster: earlier), CancellationToken.None);

        BackupException e = await Assert.ThrowsAsync<BackupException>(() => FromRepositoryAsync(repository, three));

        Assert.Equal(FailureReason.InvalidInput, e.Reason);
        Assert.Contains(
            $"since an earlier restore: snapshot {folder.Id} was taken from it", e.Message, StringComparison.Ordinal);
        Assert.Contains("restored-again-1", e.Hint, StringComparison.Ordinal);
        Assert.Equal([Setting.ClusterToken], e.Settings);
        Assert.False(Directory.Exists(_fixture["data"]));
        Assert.NotEqual(
            earlier,
            (await FromRepositoryAsync(repository, three with { Token = "restored-again-1" })).Summary.ClusterId);
    }

    private byte[] WithTrailer() => [.. _database, .. SHA256.HashData(_database)];

    private Task<DataDirectoryOutcome> FromRepositoryAsync(
        BackupRepository repository, RestorePlan plan, IProgress<TransferProgress>? progress = null) =>
        DataDirectoryRun.FromRepositoryAsync(
            repository,
            RestoreSelection.Of("latest"),
            [],
            new DataDirectoryRequest
            {
                DataDirectory = _fixture["data"],
                WalDirectory = _fixture["log"],
                CertificatesDirectory = _fixture["certs"],
                Plan = plan,
            },
            progress ?? UseCaseFixture.NoProgress,
            CancellationToken.None);

    private Task<DataDirectoryOutcome> RunAsync(DataDirectoryRequest request) => DataDirectoryRun.FromFileAsync(
        _fixture["db"], skipHashCheck: true, request, UseCaseFixture.NoProgress, CancellationToken.None);

    private Task<BackupException> AssertRefusedAsync(DataDirectoryRequest request) =>
        Assert.ThrowsAsync<BackupException>(() => RunAsync(request));

    private static IReadOnlyList<string> Entries(string directory) =>
    [
        .. Directory.EnumerateFileSystemEntries(directory)
            .Select(path => Path.GetFileName(path))
            .Order(StringComparer.Ordinal),
    ];

    /// <summary>Runs an action once, in the middle of the transfer.</summary>
    private sealed class Meanwhile(Action act) : IProgress<TransferProgress>
    {
        private Action? _act = act;

        public void Report(TransferProgress value) => Interlocked.Exchange(ref _act, null)?.Invoke();
    }
}
