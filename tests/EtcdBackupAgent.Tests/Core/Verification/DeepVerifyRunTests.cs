using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.History;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Core.Verification;
using EtcdBackupAgent.Snapshots.Verification;
using EtcdBackupAgent.Testing.Storage;
using Xunit;

namespace EtcdBackupAgent.Tests.Core.Verification;

public sealed class DeepVerifyRunTests : IDisposable
{
    private readonly UseCaseFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public async Task A_sound_snapshot_is_recorded_as_sound_and_its_manifest_stays_unchanged()
    {
        BackupRepository repository = await _fixture.InitAsync();
        BackupOutcome made = await _fixture.BackUpAsync(repository, SnapshotBytes.Create(512 * 50));
        byte[] manifest = await File.ReadAllBytesAsync(PathOf(made, "manifest.json"));

        DeepVerifyOutcome outcome = await VerifyAsync(_fixture.DeepVerifyRun(repository));

        Assert.True(outcome.IsSound);
        Assert.Null(outcome.Failure);
        Assert.Equal(
            Enum.GetValues<VerifiedPart>().Where(part => part != VerifiedPart.Objects),
            outcome.Record!.Checks.Select(c => c.Part));
        Assert.All(outcome.Record.Checks, c => Assert.Equal(CheckResult.Passed, c.Result));
        Assert.Equal(manifest, await File.ReadAllBytesAsync(PathOf(made, "manifest.json")));
        Snapshot listed = await repository.FindAsync("latest", CancellationToken.None);
        Assert.True(listed.IsProved);
        Assert.Equal(listed.Manifest.DocumentSha256, listed.Verification!.ManifestSha256);
        Assert.Equal("2 files, 1 directories, 1 links, 15 bytes", listed.Verification.Checks[^1].Detail);
    }

    [Fact]
    public async Task The_database_is_checked_without_its_trailer_and_with_the_hash_of_the_manifest()
    {
        BackupRepository repository = await _fixture.InitAsync();
        byte[] bytes = SnapshotBytes.Create(512 * 300);
        await _fixture.BackUpAsync(repository, bytes);
        (byte[] Content, HashKv? Expected) seen = default;

        await VerifyAsync(_fixture.DeepVerifyRun(repository, (file, size, expected, _) =>
        {
            byte[] content = new byte[size];
            Assert.Equal(size, RandomAccess.Read(file, content, fileOffset: 0));
            seen = (content, expected);
            return UseCaseFixture.Proof();
        }));

        Assert.Equal(bytes[..^32], seen.Content);
        Assert.Equal(SampleSnapshots.Hash, seen.Expected);
    }

    [Theory]
    [InlineData(CheckedPart.Pages)]
    [InlineData(CheckedPart.Revisions)]
    [InlineData(CheckedPart.HashKv)]
    public async Task A_fault_in_the_content_is_recorded_and_makes_the_snapshot_damaged(CheckedPart part)
    {
        BackupRepository repository = await _fixture.InitAsync();
        BackupOutcome made = await _fixture.BackUpAsync(repository, SnapshotBytes.Create(512));

        DeepVerifyOutcome outcome = await VerifyAsync(
            _fixture.DeepVerifyRun(repository, (_, _, _, _) => UseCaseFixture.Proof(failed: part)));

        Assert.False(outcome.IsSound);
        Assert.Equal(FailureReason.DataDamaged, outcome.Failure!.Reason);
        Assert.Contains($"{part} is wrong at page 3", outcome.Failure.Message, StringComparison.Ordinal);
        Snapshot listed = await repository.FindAsync(made.Folder.Id.Value, CancellationToken.None);
        Assert.True(listed is { IsDamaged: true, IsComplete: true, IsGood: false });
        VerificationCheck failed = Assert.Single(listed.Verification!.Checks, c => c.Result == CheckResult.Failed);
        Assert.Equal(part.ToString(), failed.Part.ToString());
        Assert.Equal([$"{part} is wrong at page 3"], failed.Problems);
    }

    [Theory]
    [InlineData("etcd.db.zst", VerifiedPart.Pages)]
    [InlineData("certs.tar.zst", VerifiedPart.Certificates)]
    public async Task Changed_bytes_fail_the_transfer_check_and_the_other_parts_are_still_checked(
        string name, VerifiedPart unseen)
    {
        BackupRepository repository = await _fixture.InitAsync();
        BackupOutcome made = await _fixture.BackUpAsync(repository, SnapshotBytes.Create(512 * 20));
        byte[] sound = await File.ReadAllBytesAsync(PathOf(made, name));
        foreach (int position in (int[])[0, sound.Length / 2, sound.Length - 1])
        {
            byte[] damaged = [.. sound];
            damaged[position] ^= 0x10;
            await File.WriteAllBytesAsync(PathOf(made, name), damaged);

            DeepVerifyOutcome outcome = await VerifyAsync(_fixture.DeepVerifyRun(repository), made.Folder.Id.Value);

            Assert.Equal(CheckResult.Failed, Check(outcome, VerifiedPart.Transfer).Result);
            Assert.Contains(
                name, Assert.Single(Check(outcome, VerifiedPart.Transfer).Problems), StringComparison.Ordinal);
            Assert.Equal(CheckResult.NotChecked, Check(outcome, unseen).Result);
            Assert.Contains(outcome.Record!.Checks, c => c.Result == CheckResult.Passed);
        }
    }

    [Fact]
    public async Task A_missing_object_is_damage_and_not_an_error_of_the_store()
    {
        BackupRepository repository = await _fixture.InitAsync();
        BackupOutcome made = await _fixture.BackUpAsync(repository, SnapshotBytes.Create(512));
        File.Delete(PathOf(made, "etcd.db.zst"));

        DeepVerifyOutcome outcome = await VerifyAsync(_fixture.DeepVerifyRun(repository), made.Folder.Id.Value);

        Assert.Equal(VerificationResult.Damaged, outcome.Record!.Result);
        Assert.Contains(
            "missing", Assert.Single(Check(outcome, VerifiedPart.Transfer).Problems), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_invalid_tar_is_distinguished_from_changed_bytes()
    {
        BackupRepository repository = await _fixture.InitAsync();
        BackupOutcome made = await _fixture.BackUpAsync(repository, SnapshotBytes.Create(512 * 8));
        // The database in place of the certificates: every digest is correct, but it is not a tar.
        ArtifactManifest[] artifacts = [.. made.Manifest.Artifacts];
        artifacts[1] = artifacts[0] with { Kind = ArtifactKind.Certs };
        await File.WriteAllBytesAsync(
            PathOf(made, "manifest.json"), RepositoryJson.Write(made.Manifest with { Artifacts = artifacts }));

        DeepVerifyOutcome outcome = await VerifyAsync(_fixture.DeepVerifyRun(repository), made.Folder.Id.Value);

        Assert.Equal(CheckResult.Passed, Check(outcome, VerifiedPart.Transfer).Result);
        Assert.Equal(CheckResult.Failed, Check(outcome, VerifiedPart.Certificates).Result);
        Assert.Single(Check(outcome, VerifiedPart.Certificates).Problems);
    }

    [Fact]
    public async Task Without_HashKV_the_manifest_s_reason_is_reported()
    {
        BackupRepository repository = await _fixture.InitAsync();
        ISnapshotSource source = SnapshotBytes.Source(
            SnapshotBytes.Create(512),
            hashKv: _ => throw new BackupException(FailureReason.EtcdFailed, "It was compacted."));
        await UseCaseFixture.Run(repository, source)
            .ExecuteAsync(_fixture.Request(certs: false), UseCaseFixture.NoProgress, CancellationToken.None);

        DeepVerifyOutcome outcome = await VerifyAsync(_fixture.DeepVerifyRun(repository, (_, _, expected, _) =>
        {
            Assert.Null(expected);
            SnapshotProof proof = UseCaseFixture.Proof();
            return proof with
            {
                Checks = [.. proof.Checks.SkipLast(1), proof.Checks[^1] with { Result = CheckResult.NotChecked }],
            };
        }));

        Assert.True(outcome.IsSound);
        Assert.Equal("It was compacted", Check(outcome, VerifiedPart.HashKv).Detail);
        Assert.Equal(CheckResult.NotChecked, Check(outcome, VerifiedPart.Certificates).Result);
    }

    [Fact]
    public async Task All_snapshots_are_verified_even_unreadable_ones()
    {
        BackupRepository repository = await _fixture.InitAsync();
        BackupOutcome sound = await _fixture.BackUpAsync(repository, SnapshotBytes.Create(512, seed: 1), At(1));
        BackupOutcome torn = await _fixture.BackUpAsync(repository, SnapshotBytes.Create(512, seed: 2), At(2));
        await File.WriteAllTextAsync(PathOf(torn, "manifest.json"), "{");

        List<DeepVerifyOutcome> outcomes = await _fixture.DeepVerifyRun(repository)
            .VerifyAsync(idText: null, UseCaseFixture.NoProgress, CancellationToken.None)
            .ToListAsync();

        Assert.Equal([sound.Folder, torn.Folder], outcomes.Select(o => o.Folder));
        Assert.Equal([true, false], outcomes.Select(o => o.IsSound));
        Assert.Equal(FailureReason.DataDamaged, outcomes[1].Failure!.Reason);
        Assert.Equal(3, Directory.GetFiles(Path.GetDirectoryName(PathOf(torn, "x"))!).Length);
    }

    [Fact]
    public async Task A_store_that_refuses_the_record_does_not_hide_the_result()
    {
        BackupRepository repository = await _fixture.InitAsync();
        await _fixture.BackUpAsync(repository, SnapshotBytes.Create(512));
        using FaultyObjectStore store = new(_fixture.Store);
        BackupRepository readOnly = await BackupRepository.OpenAsync(store, CancellationToken.None);
        store.FailAt = 1 + 1 + 1 + 1 + 1 + 2 + 2;

        DeepVerifyOutcome outcome = await VerifyAsync(_fixture.DeepVerifyRun(readOnly));

        Assert.StartsWith("create ", store.Operations[^1], StringComparison.Ordinal);
        Assert.True(outcome.IsSound);
        Assert.Equal(FailureReason.StoreFailed, outcome.RecordFailure!.Reason);
        Assert.Contains("could not be recorded", outcome.RecordFailure.Message, StringComparison.Ordinal);
        Assert.Same(outcome.RecordFailure, outcome.Failure);
        Assert.Null((await repository.FindAsync("latest", CancellationToken.None)).Verification);
    }

    [Fact]
    public async Task A_verification_that_is_cancelled_records_nothing()
    {
        BackupRepository repository = await _fixture.InitAsync();
        await _fixture.BackUpAsync(repository, SnapshotBytes.Create(512));
        using CancellationTokenSource cancellation = new();
        DeepVerifyRun run = _fixture.DeepVerifyRun(repository, (_, _, _, token) =>
        {
            cancellation.Cancel();
            token.ThrowIfCancellationRequested();
            return UseCaseFixture.Proof();
        });

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run
            .VerifyAsync("latest", UseCaseFixture.NoProgress, cancellation.Token)
            .ToListAsync(CancellationToken.None).AsTask());

        Assert.Null((await repository.FindAsync("latest", CancellationToken.None)).Verification);
    }

    private static ShiftedTime At(int day) => new(SampleSnapshots.NewYear.AddDays(day));

    private static VerificationCheck Check(DeepVerifyOutcome outcome, VerifiedPart part) =>
        outcome.Record!.Checks.Single(c => c.Part == part);

    private static async Task<DeepVerifyOutcome> VerifyAsync(DeepVerifyRun run, string id = "latest") =>
        await run.VerifyAsync(id, UseCaseFixture.NoProgress, CancellationToken.None).SingleAsync();

    private string PathOf(BackupOutcome made, string name) =>
        Path.Combine(_fixture.RepositoryPath, made.Folder.ToString(), name);
}
