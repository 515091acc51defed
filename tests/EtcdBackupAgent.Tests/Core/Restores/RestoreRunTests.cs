using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Core.RestorePoints;
using EtcdBackupAgent.Core.Restores;
using Xunit;

namespace EtcdBackupAgent.Tests.Core.Restores;

public sealed class RestoreRunTests : IDisposable
{
    private readonly UseCaseFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public async Task A_restore_returns_what_was_backed_up()
    {
        byte[] bytes = SnapshotBytes.Create(512 * 500);
        BackupRepository repository = await _fixture.InitAsync();
        await _fixture.BackUpAsync(repository, bytes);

        RestoreOutcome outcome = await RestoreAsync(repository, _fixture["target"]);

        Assert.Equal(bytes, await File.ReadAllBytesAsync(outcome.SnapshotPath!));
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(outcome.SnapshotPath!));
        Assert.Equal("authority", await File.ReadAllTextAsync(Path.Combine(outcome.CertificatesPath!, "ca.crt")));
        Assert.Equal("secret", await File.ReadAllTextAsync(Path.Combine(outcome.CertificatesPath!, "etcd", "ca.key")));
        Assert.Equal("ca.crt", new FileInfo(Path.Combine(outcome.CertificatesPath!, "current.crt")).LinkTarget);
        Assert.Equal(["certificates", "etcd-snapshot.db"], Entries(_fixture["target"]));
    }

    [Fact]
    public async Task A_target_that_is_not_empty_is_refused_and_left_alone()
    {
        BackupRepository repository = await _fixture.InitAsync();
        await _fixture.BackUpAsync(repository, SnapshotBytes.Create(512));
        Directory.CreateDirectory(_fixture["target"]);
        await File.WriteAllTextAsync(Path.Combine(_fixture["target"], "mine"), "precious");

        BackupException failure = await Assert.ThrowsAsync<BackupException>(
            () => RestoreAsync(repository, _fixture["target"]));

        Assert.Equal(FailureReason.TargetUnusable, failure.Reason);
        Assert.Contains("'mine'", failure.Message, StringComparison.Ordinal);
        Assert.Equal(["mine"], Entries(_fixture["target"]));
    }

    [Fact]
    public async Task Overwriting_replaces_an_earlier_restore_and_leaves_other_files()
    {
        BackupRepository repository = await _fixture.InitAsync();
        byte[] second = SnapshotBytes.Create(1024, seed: 2);
        BackupOutcome first = await _fixture.BackUpAsync(repository, SnapshotBytes.Create(512, seed: 1));
        File.Delete(Path.Combine(_fixture.CertsPath, "ca.crt"));
        BackupOutcome later = await _fixture.BackUpAsync(repository, second);
        await RestoreAsync(repository, _fixture["target"], first.Folder.Id.Value);
        await File.WriteAllTextAsync(Path.Combine(_fixture["target"], "mine"), "precious");

        RestoreOutcome outcome = await RestoreAsync(
            repository, _fixture["target"], later.Folder.Id.Value, overwrite: true);

        Assert.Equal(second, await File.ReadAllBytesAsync(outcome.SnapshotPath!));
        Assert.False(File.Exists(Path.Combine(outcome.CertificatesPath!, "ca.crt")));
        Assert.Equal(["certificates", "etcd-snapshot.db", "mine"], Entries(_fixture["target"]));
    }

    [Fact]
    public async Task A_target_that_is_a_file_is_refused()
    {
        BackupRepository repository = await _fixture.InitAsync();
        await _fixture.BackUpAsync(repository, SnapshotBytes.Create(512));
        await File.WriteAllTextAsync(_fixture["target"], "a file");

        BackupException failure = await Assert.ThrowsAsync<BackupException>(
            () => RestoreAsync(repository, _fixture["target"]));

        Assert.Equal(FailureReason.TargetUnusable, failure.Reason);
        Assert.Equal("a file", await File.ReadAllTextAsync(_fixture["target"]));
    }

    [Fact]
    public async Task The_remains_of_a_killed_restore_do_not_block_the_next_one()
    {
        BackupRepository repository = await _fixture.InitAsync();
        await _fixture.BackUpAsync(repository, SnapshotBytes.Create(512));
        string leftover = Path.Combine(_fixture["target"], ".etcd-backup-agent-restore-abc");
        Directory.CreateDirectory(leftover);
        await File.WriteAllTextAsync(Path.Combine(leftover, "etcd-snapshot.db"), "half");

        await RestoreAsync(repository, _fixture["target"]);

        Assert.Equal(["certificates", "etcd-snapshot.db"], Entries(_fixture["target"]));
    }

    [Theory]
    [InlineData("etcd.db.zst")]
    [InlineData("certs.tar.zst")]
    public async Task Any_damaged_byte_of_an_artifact_fails_the_restore_with_nothing_visible(string artifact)
    {
        BackupRepository repository = await _fixture.InitAsync();
        BackupOutcome outcome = await _fixture.BackUpAsync(repository, SnapshotBytes.Create(512));
        string path = Path.Combine(_fixture.RepositoryPath, outcome.Folder.ToString(), artifact);
        byte[] sound = await File.ReadAllBytesAsync(path);
        for (int i = 0; i < sound.Length; i++)
        {
            byte[] damaged = [.. sound];
            damaged[i] ^= 0x10;
            await File.WriteAllBytesAsync(path, damaged);

            BackupException failure = await Assert.ThrowsAsync<BackupException>(
                () => RestoreAsync(repository, _fixture["target"]));

            Assert.Equal(FailureReason.DataDamaged, failure.Reason);
            Assert.Contains(artifact, failure.Message, StringComparison.Ordinal);
            Assert.False(Directory.Exists(_fixture["target"]));
        }
    }

    [Fact]
    public async Task A_shortened_artifact_fails_the_restore_with_nothing_visible()
    {
        BackupRepository repository = await _fixture.InitAsync();
        BackupOutcome outcome = await _fixture.BackUpAsync(repository, SnapshotBytes.Create(512 * 20));
        string path = Path.Combine(_fixture.RepositoryPath, outcome.Folder.ToString(), "etcd.db.zst");
        byte[] sound = await File.ReadAllBytesAsync(path);
        foreach (int length in (int[])[0, 1, sound.Length / 2, sound.Length - 1])
        {
            await File.WriteAllBytesAsync(path, sound[..length]);

            BackupException failure = await Assert.ThrowsAsync<BackupException>(
                () => RestoreAsync(repository, _fixture["target"], outcome.Folder.Id.Value));

            Assert.Equal(FailureReason.DataDamaged, failure.Reason);
            Assert.False(Directory.Exists(_fixture["target"]));
        }
    }

    [Fact]
    public async Task A_snapshot_whose_own_trailer_is_wrong_is_not_restored()
    {
        // The source is expected to check the trailer. This one has not, and the restore still detects the fault.
        byte[] bytes = SnapshotBytes.Create(512);
        bytes[0] ^= 1;
        BackupRepository repository = await _fixture.InitAsync();
        await _fixture.BackUpAsync(repository, bytes);

        BackupException failure = await Assert.ThrowsAsync<BackupException>(
            () => RestoreAsync(repository, _fixture["target"]));

        Assert.Equal(FailureReason.DataDamaged, failure.Reason);
        Assert.Contains("etcd", failure.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_fixture["target"]));
    }

    private static Task<RestoreOutcome> RestoreAsync(
        BackupRepository repository, string target, string id = "latest", bool overwrite = false) =>
        new RestoreRun(repository).ExecuteAsync(
            RestoreSelection.Of(id), [], target, overwrite, UseCaseFixture.NoProgress, CancellationToken.None);

    private static IReadOnlyList<string> Entries(string directory) =>
    [
        .. Directory.EnumerateFileSystemEntries(directory)
            .Select(path => Path.GetFileName(path))
            .Order(StringComparer.Ordinal),
    ];
}
