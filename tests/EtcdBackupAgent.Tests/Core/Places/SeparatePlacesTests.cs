using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Places;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Core.RestorePoints;
using EtcdBackupAgent.Core.Restores;
using EtcdBackupAgent.Core.Stores;
using EtcdBackupAgent.Core.Verification;
using EtcdBackupAgent.Storage.FileSystem;
using EtcdBackupAgent.Testing.Directories;
using Xunit;

namespace EtcdBackupAgent.Tests.Core.Places;

public sealed class SeparatePlacesTests : IDisposable
{
    private readonly TestDirectory _files = new();

    public SeparatePlacesTests()
    {
        foreach (string name in new[] { "pki", "repository", "scratch", "links" })
        {
            _files.Create(name);
        }

        Directory.CreateSymbolicLink(_files["links/pki"], _files["pki"]);
        Directory.CreateSymbolicLink(_files["links/repository"], _files["repository"]);
    }

    [Theory]
    [InlineData("pki/repository", "pki", "The repository, {0}, is in the certificates directory, {1}: each backup")]
    [InlineData("pki", "pki", "The repository, {0}, is the same directory as the certificates directory, {1}")]
    [InlineData("links/pki/repository", "pki", "is in the certificates directory")]
    [InlineData("pki/repository", "links/pki", "is in the certificates directory, {1} (which is ")]
    [InlineData("repository", "repository/pki", "The certificates directory, {1}, is in the repository, {0}")]
    public void The_repository_and_the_certificates_must_be_separate(
        string repository, string certificates, string expected)
    {
        BackupException e = Assert.Throws<BackupException>(
            () => SeparatePlaces.RequireForBackup(Store(repository), _files[certificates], scratch: null));

        Assert.Equal(FailureReason.InvalidInput, e.Reason);
        Assert.Contains(
            expected.Replace("{0}", _files[repository], StringComparison.Ordinal)
                .Replace("{1}", _files[certificates], StringComparison.Ordinal),
            e.Message,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("repository", "pki", "scratch")]
    [InlineData("repository", "pki", "pki/scratch")]
    [InlineData("scratch/repository", "pki", "scratch")]
    [InlineData("pki-repository", "pki", null)]
    [InlineData("repository", null, null)]
    public void Harmless_combinations_are_allowed(string repository, string? certificates, string? scratch) =>
        SeparatePlaces.RequireForBackup(
            Store(repository),
            certificates is null ? null : _files[certificates],
            scratch is null ? null : _files[scratch]);

    [Theory]
    [InlineData("repository")]
    [InlineData("repository/scratch")]
    [InlineData("links/repository")]
    public void A_scratch_directory_must_not_be_in_the_repository(string scratch) =>
        Assert.Contains(
            "The scratch directory, ",
            Assert.Throws<BackupException>(
                () => SeparatePlaces.RequireForScratch(Store("repository"), _files[scratch])).Message,
            StringComparison.Ordinal);

    [Theory]
    [InlineData("repository")]
    [InlineData("repository/to")]
    [InlineData("links/repository/new")]
    [InlineData("")]
    public void A_target_must_be_separate_from_the_repository(string target) =>
        Assert.Throws<BackupException>(
            () => SeparatePlaces.RequireForRestore(Store("repository"), _files[target]));

    [Theory]
    [InlineData("to", "repository/log", null)]
    [InlineData("to", null, "repository/x")]
    [InlineData("links/repository/to", null, null)]
    public void All_directories_of_a_data_directory_restore_must_be_separate_from_the_repository(
        string data, string? log, string? certificates) =>
        Assert.Throws<BackupException>(
            () => SeparatePlaces.RequireForDataDirectory(
                Store("repository"),
                _files[data],
                log is null ? null : _files[log],
                certificates is null ? null : _files[certificates]));

    [Fact]
    public void Targets_beside_each_other_are_allowed_and_a_bucket_has_no_local_directory()
    {
        SeparatePlaces.RequireForDataDirectory(Store("repository"), _files["to"], log: null, _files["to-pki"]);
        SeparatePlaces.RequireForRestore(store: null, _files["repository"]);
    }

    [Theory]
    [InlineData("data", "data/wal", "pki")]
    [InlineData("data", "log", null)]
    public void The_log_may_be_in_the_data_directory(string data, string log, string? certificates) =>
        SeparatePlaces.RequireForDataDirectory(
            Store("repository"), _files[data], _files[log], certificates is null ? null : _files[certificates]);

    [Fact]
    public void A_snapshot_is_not_restored_into_the_backed_up_directory()
    {
        Assert.Throws<BackupException>(
            () => SeparatePlaces.RequireOutsideOfSource(_files["links/pki/restored"], _files["pki"]));
        SeparatePlaces.RequireOutsideOfSource(_files["restored"], _files["pki"]);
    }

    [Fact]
    public async Task A_backup_into_its_own_source_reads_nothing_and_stores_nothing()
    {
        using UseCaseFixture fixture = new();
        using DirectoryObjectStore store = new(Path.Combine(fixture.CertsPath, "backups"), TimeProvider.System);
        BackupRepository repository = await InitAsync(store);

        BackupException e = await Assert.ThrowsAsync<BackupException>(
            () => UseCaseFixture.Run(repository, new Unread())
                .ExecuteAsync(fixture.Request(), UseCaseFixture.NoProgress, CancellationToken.None));

        Assert.Equal(FailureReason.InvalidInput, e.Reason);
        Assert.Equal(["repository.json"], Directory.EnumerateFiles(
            store.LocalDirectory!, "*", SearchOption.AllDirectories).Select(Path.GetFileName));
    }

    [Fact]
    public async Task No_command_puts_foreign_files_into_the_repository()
    {
        using UseCaseFixture fixture = new();
        BackupRepository repository = await fixture.InitAsync();
        _ = await fixture.BackUpAsync(repository, SnapshotBytes.Create(1024));
        string inside = Path.Combine(fixture.RepositoryPath, "inside");
        IReadOnlyList<string> before = fixture.StoredFiles();

        await Refused(() => new RestoreRun(repository).ExecuteAsync(
            RestoreSelection.Of("latest"),
            [],
            inside,
            overwrite: true,
            UseCaseFixture.NoProgress,
            CancellationToken.None));
        await Refused(async () => await fixture.DeepVerifyRun(repository, scratch: fixture.RepositoryPath)
            .VerifyAsync("latest", UseCaseFixture.NoProgress, CancellationToken.None).FirstAsync());
        await Refused(() => new InspectRun(repository, [], fixture.RepositoryPath)
            .OfSnapshotAsync(RestoreSelection.Of("latest"), UseCaseFixture.NoProgress, CancellationToken.None));

        Assert.Equal(before, fixture.StoredFiles());

        static async Task Refused(Func<Task> run) =>
            Assert.Equal(FailureReason.InvalidInput, (await Assert.ThrowsAsync<BackupException>(run)).Reason);
    }

    public void Dispose() => _files.Dispose();

    private DirectoryObjectStore Store(string relative) => new(_files[relative], TimeProvider.System);

    private static Task<BackupRepository> InitAsync(IObjectStore store) => BackupRepository.InitAsync(
        store, new EtcdBackupAgent.Core.Repository.Unprotected(), TimeProvider.System, CancellationToken.None);

    private sealed class Unread : ISnapshotSource
    {
        public Task<EtcdSnapshot> OpenForChangesAsync(
            EtcdId preferredMember, CancellationToken cancellationToken) => OpenAsync(cancellationToken);

        public Task<EtcdSnapshot> OpenAsync(CancellationToken cancellationToken) =>
            throw new InvalidOperationException("etcd was asked.");
    }
}
