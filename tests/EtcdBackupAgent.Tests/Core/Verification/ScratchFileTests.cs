using EtcdBackupAgent.Archive.Age;
using EtcdBackupAgent.Core.Artifacts;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Core.Verification;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Tests.Core.Keys;
using Xunit;

namespace EtcdBackupAgent.Tests.Core.Verification;

/// <summary>The file that contains the database while it is checked.</summary>
public sealed class ScratchFileTests : IDisposable
{
    private readonly UseCaseFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public async Task The_file_has_no_name_and_only_its_owner_can_read_it()
    {
        BackupRepository repository = await _fixture.InitAsync();
        await _fixture.BackUpAsync(repository, SnapshotBytes.Create(512 * 100));
        int looks = 0;

        await VerifyAsync(_fixture.DeepVerifyRun(repository, (file, size, _, _) =>
        {
            looks++;
            Assert.Empty(Directory.GetFileSystemEntries(_fixture.ScratchPath));
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
            Assert.Equal(512 * 100, size);
            Assert.Equal(size + 32, RandomAccess.GetLength(file));
            return UseCaseFixture.Proof();
        }));

        Assert.Equal(1, looks);
    }

    [Fact]
    public async Task The_file_has_no_name_before_the_first_byte_is_written()
    {
        using ScratchFile scratch = ScratchFile.Create(Directory.CreateDirectory(_fixture.ScratchPath).FullName, 1);
        NamelessBeforeReading snapshot = new(SnapshotBytes.Create(512 * 4), _fixture.ScratchPath);

        await scratch.FillAsync((file, _) => CopyAsync(snapshot, file));

        Assert.Equal(snapshot.Length, snapshot.Position);
    }

    [Theory]
    [InlineData("missing")]
    [InlineData("a-file")]
    public async Task An_unusable_directory_has_its_own_error(string name)
    {
        BackupRepository repository = await _fixture.InitAsync();
        await _fixture.BackUpAsync(repository, SnapshotBytes.Create(512));
        await File.WriteAllTextAsync(_fixture["a-file"], "");

        BackupException failure = await Assert.ThrowsAsync<BackupException>(
            () => VerifyAsync(_fixture.DeepVerifyRun(repository, scratch: _fixture[name])));

        Assert.Equal(FailureReason.TargetUnusable, failure.Reason);
        Assert.Contains(_fixture[name], failure.Message, StringComparison.Ordinal);
        Assert.Equal([Setting.ScratchDirectory], failure.Settings);
        Assert.Null((await repository.FindAsync("latest", CancellationToken.None)).Verification);
    }

    [Fact]
    public async Task A_directory_without_room_is_refused_with_both_numbers_before_anything_is_read()
    {
        await using MountedDirectory small = await MountedDirectory.CreateAsync("size=64k");
        BackupRepository repository = await _fixture.InitAsync();
        await _fixture.BackUpAsync(repository, SnapshotBytes.Create(512 * 200));

        BackupException failure = await Assert.ThrowsAsync<BackupException>(
            () => VerifyAsync(_fixture.DeepVerifyRun(repository, scratch: small.Path)));

        Assert.Equal(FailureReason.TargetUnusable, failure.Reason);
        Assert.Contains(
            $"the database has {(512 * 200) + 32} bytes, but only 65536 are free",
            failure.Message,
            StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(small.Path));
    }

    [Fact]
    public async Task A_directory_that_fills_up_during_the_check_is_not_damage()
    {
        await using MountedDirectory small = await MountedDirectory.CreateAsync("size=64k");
        using ScratchFile scratch = ScratchFile.Create(small.Path, 65536);

        BackupException failure = await Assert.ThrowsAsync<BackupException>(
            () => scratch.FillAsync(
                (file, _) => CopyAsync(new MemoryStream(SnapshotBytes.Create(512 * 200)), file)));

        Assert.Equal(FailureReason.TargetUnusable, failure.Reason);
        Assert.Equal([Setting.ScratchDirectory], failure.Settings);
    }

    [Fact]
    public async Task Without_a_key_nothing_is_written_and_nothing_recorded()
    {
        using EncryptedFixture encrypted = new();
        using AgePassphrase passphrase = EncryptedFixture.Passphrase("a passphrase");
        BackupRepository repository = await encrypted.InitAsync(new PassphraseProtection(passphrase));
        await encrypted.BackUpAsync(repository);

        BackupException failure = await Assert.ThrowsAsync<BackupException>(
            () => VerifyAsync(encrypted.Files.DeepVerifyRun(repository, scratch: "/there/is/no/such/directory")));

        Assert.Equal(FailureReason.KeyRefused, failure.Reason);
        Assert.Null((await repository.FindAsync("latest", CancellationToken.None)).Verification);
        using AgeIdentity identity = await EncryptedFixture.OpenAsync(repository, "a passphrase");
        Assert.True((await VerifyAsync(encrypted.Files.DeepVerifyRun(repository, identities: [identity]))).IsSound);
    }

    private static async Task<long> CopyAsync(Stream source, FileStream target)
    {
        await source.CopyToAsync(target);
        return target.Length;
    }

    private static async Task<DeepVerifyOutcome> VerifyAsync(DeepVerifyRun run) =>
        await run.VerifyAsync("latest", UseCaseFixture.NoProgress, CancellationToken.None).SingleAsync();

    /// <summary>Bytes that can be read only while a directory is empty.</summary>
    private sealed class NamelessBeforeReading(byte[] bytes, string directory) : MemoryStream(bytes)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Assert.Empty(Directory.GetFileSystemEntries(directory));
            return base.ReadAsync(buffer, cancellationToken);
        }
    }
}
