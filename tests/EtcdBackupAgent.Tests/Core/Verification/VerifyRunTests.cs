using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Core.Verification;
using Xunit;

namespace EtcdBackupAgent.Tests.Core.Verification;

public sealed class VerifyRunTests : IDisposable
{
    private readonly UseCaseFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public async Task A_sound_snapshot_is_sound()
    {
        BackupRepository repository = await _fixture.InitAsync();
        await _fixture.BackUpAsync(repository, SnapshotBytes.Create(512 * 50));

        VerifyOutcome outcome = await VerifyAsync(repository);

        Assert.True(outcome.IsSound);
        Assert.NotNull(outcome.Manifest);
    }

    [Theory]
    [InlineData("etcd.db.zst")]
    [InlineData("certs.tar.zst")]
    [InlineData("manifest.json")]
    public async Task Any_damaged_byte_of_any_object_is_detected(string name)
    {
        BackupRepository repository = await _fixture.InitAsync();
        BackupOutcome made = await _fixture.BackUpAsync(repository, SnapshotBytes.Create(512));
        string path = Path.Combine(_fixture.RepositoryPath, made.Folder.ToString(), name);
        byte[] sound = await File.ReadAllBytesAsync(path);
        for (int i = 0; i < sound.Length; i++)
        {
            byte[] damaged = [.. sound];
            damaged[i] ^= 0x04;
            await File.WriteAllBytesAsync(path, damaged);

            VerifyOutcome outcome = await VerifyAsync(repository, made.Folder.Id.Value);

            Assert.False(outcome.IsSound, $"byte {i} of {name}");
            Assert.Contains(name, Assert.Single(outcome.Problems).Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("etcd.db.zst")]
    [InlineData("certs.tar.zst")]
    public async Task A_missing_object_is_reported_and_the_other_is_still_checked(string name)
    {
        BackupRepository repository = await _fixture.InitAsync();
        BackupOutcome made = await _fixture.BackUpAsync(repository, SnapshotBytes.Create(512));
        File.Delete(Path.Combine(_fixture.RepositoryPath, made.Folder.ToString(), name));

        VerifyOutcome outcome = await VerifyAsync(repository, made.Folder.Id.Value);

        BackupException problem = Assert.Single(outcome.Problems);
        Assert.Contains(name, problem.Message, StringComparison.Ordinal);
        Assert.Contains("missing", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Verifying_all_distinguishes_damaged_from_sound_snapshots()
    {
        BackupRepository repository = await _fixture.InitAsync();
        BackupOutcome sound = await _fixture.BackUpAsync(repository, SnapshotBytes.Create(512, seed: 1));
        BackupOutcome torn = await _fixture.BackUpAsync(repository, SnapshotBytes.Create(512, seed: 2));
        string manifest = Path.Combine(_fixture.RepositoryPath, torn.Folder.ManifestKey.Value);
        await File.WriteAllTextAsync(manifest, "{");

        Dictionary<SnapshotId, bool> found = [];
        await foreach (VerifyOutcome outcome in new VerifyRun(repository, [])
            .VerifyAllAsync(UseCaseFixture.NoProgress, CancellationToken.None))
        {
            found.Add(outcome.Folder.Id, outcome.IsSound);
        }

        Assert.Equal(2, found.Count);
        Assert.True(found[sound.Folder.Id]);
        Assert.False(found[torn.Folder.Id]);
    }

    private static Task<VerifyOutcome> VerifyAsync(BackupRepository repository, string id = "latest") =>
        new VerifyRun(repository, []).VerifyAsync(id, UseCaseFixture.NoProgress, CancellationToken.None);
}
