using System.Security.Cryptography;
using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Core.Stores;
using EtcdBackupAgent.Core.Transfers;
using EtcdBackupAgent.Snapshots.Verification;
using EtcdBackupAgent.Testing.Time;

namespace EtcdBackupAgent.EndToEndTests.Failures;

/// <summary>
/// Creates backups with past dates without a server. Their content is random and ends with its SHA-256, like a snapshot
/// of etcd.
/// </summary>
internal static class PastBackups
{
    private const int DatabaseBytes = 512 * 8;

    /// <summary>Creates one backup for each age, in the existing repository or in a new one.</summary>
    /// <param name="store">The store of the repository.</param>
    /// <param name="policy">The policy of the backups, in the default namespace.</param>
    /// <param name="ages">The age of each backup.</param>
    public static Task MakeAsync(IObjectStore store, string policy, params IEnumerable<TimeSpan> ages) =>
        MakeAsync(store, policy, certificates: null, ages);

    /// <summary>Creates backups with a directory of certificates, unless it is null.</summary>
    public static Task MakeAsync(
        IObjectStore store, string policy, string? certificates, params IEnumerable<TimeSpan> ages) =>
        MakeAsync(store, policy, certificates, () => RandomNumberGenerator.GetBytes(DatabaseBytes), ages);

    /// <summary>Creates backups with a database from the caller.</summary>
    public static async Task MakeAsync(
        IObjectStore store,
        string policy,
        string? certificates,
        Func<byte[]> database,
        params IEnumerable<TimeSpan> ages)
    {
        BackupRepository repository = await store.ListAsync("repository.json", CancellationToken.None).AnyAsync()
            ? await BackupRepository.OpenAsync(store, CancellationToken.None)
            : await BackupRepository.InitAsync(store, new Unprotected(), TimeProvider.System, CancellationToken.None);
        BackupRequest request = new()
        {
            Policy = new ResourceName(ResourceName.NamespaceDefault, policy),
            Occasion = BackupOccasion.Scheduled,
            CertsDirectory = certificates,
        };
        foreach (TimeSpan age in ages)
        {
            ManualTime clock = new(TimeProvider.System.GetUtcNow() - age);
            await new BackupRun(repository, new BytesSource(database), "0.0.0", clock)
                .ExecuteAsync(request, new Progress<TransferProgress>(), CancellationToken.None);
        }
    }

    private sealed class BytesSource(Func<byte[]> read) : ISnapshotSource
    {
        private static readonly EtcdMember Member = new()
        {
            Endpoint = "http://127.0.0.1:2379",
            ClusterId = new EtcdId(0xc1),
            MemberId = new EtcdId(0x1),
            Role = EtcdMemberRole.Leader,
            Version = "3.5.30",
            Revision = 7,
            RaftTerm = 2,
            RaftIndex = 9,
            DbSizeBytes = DatabaseBytes,
        };

        public Task<EtcdSnapshot> OpenForChangesAsync(
            EtcdId preferredMember, CancellationToken cancellationToken) => OpenAsync(cancellationToken);

        public Task<EtcdSnapshot> OpenAsync(CancellationToken cancellationToken)
        {
            byte[] database = read();
            byte[] snapshot = [.. database, .. SHA256.HashData(database)];
            HashKv hash = new() { Revision = Member.Revision, Hash = 1, CompactRevision = -1 };
            return Task.FromResult(
                new EtcdSnapshot(Member, snapshot.Length, new MemoryStream(snapshot), _ => Task.FromResult(hash))
                {
                    HasRevisionAsync = (_, _) => Task.FromResult(true),
                });
        }
    }
}
