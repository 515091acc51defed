using EtcdBackupAgent.Archive.Age;
using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.Keys;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Core.RestorePoints;
using EtcdBackupAgent.Core.Restores;
using EtcdBackupAgent.Core.Verification;

namespace EtcdBackupAgent.Tests.Core.Keys;

/// <summary>
/// An encrypted repository in a directory. Its passphrases have a low work factor, so that tests are fast.
/// </summary>
internal sealed class EncryptedFixture : IDisposable
{
    private const int LittleWork = 2;

    public UseCaseFixture Files { get; } = new();

    public byte[] Snapshot { get; } = SnapshotBytes.Create(512 * 300);

    public static AgePassphrase Passphrase(string text) => new(text) { WorkFactor = LittleWork };

    public Task<BackupRepository> InitAsync(RepositoryProtection protection) =>
        BackupRepository.InitAsync(Files.Store, protection, TimeProvider.System, CancellationToken.None);

    public Task<BackupOutcome> BackUpAsync(BackupRepository repository) => Files.BackUpAsync(repository, Snapshot);

    public static RepositoryKeys Keys(BackupRepository repository) => new(repository, TimeProvider.System);

    public static async Task<AgeIdentity> OpenAsync(BackupRepository repository, string passphrase)
    {
        using AgePassphrase secret = Passphrase(passphrase);
        return (await Keys(repository).OpenAsync(secret, CancellationToken.None)).Identities[0];
    }

    /// <summary>Restores the newest snapshot and returns the bytes of the database.</summary>
    public async Task<byte[]> RestoreAsync(BackupRepository repository, string target, params AgeIdentity[] identities)
    {
        RestoreOutcome outcome = await new RestoreRun(repository).ExecuteAsync(
            RestoreSelection.Of("latest"),
            identities,
            Files[target],
            overwrite: false,
            UseCaseFixture.NoProgress,
            CancellationToken.None);
        return await File.ReadAllBytesAsync(outcome.SnapshotPath!);
    }

    public static Task<VerifyOutcome> VerifyAsync(BackupRepository repository, params AgeIdentity[] identities) =>
        new VerifyRun(repository, identities).VerifyAsync("latest", UseCaseFixture.NoProgress, CancellationToken.None);

    public void Dispose() => Files.Dispose();
}
