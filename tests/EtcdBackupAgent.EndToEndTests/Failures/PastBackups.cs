using System.Security.Cryptography;
using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Core.Stores;
using EtcdBackupAgent.Core.Transfers;
using EtcdBackupAgent.Snapshots.Verification;
using EtcdBackupAgent.Testing.Time;

namespace EtcdBackupAgent.EndToEndTests.Failures;

/// <summary>
/// Backups of days gone by, made without a server: noise that ends, as etcd's snapshots do, in its SHA-256.
/// </summary>
internal static class PastBackups
{
    private const int DatabaseBytes = 512 * 8;

    /// <summary>Makes one backup for each age, in the repository that is there or in a new one.</summary>
    /// <param name="store">Where.</param>
    /// <param name="policy">The policy they are filed under, in the default namespace.</param>
    /// <param name="ages">How long ago each was made.</param>
    public static Task MakeAsync(IObjectStore store, string policy, params IEnumerable<TimeSpan> ages) =>
        MakeAsync(store, policy, certificates: null, ages);

    /// <summary>The same with a directory of certificates in each, if one is named.</summary>
    public static Task MakeAsync(
        IObjectStore store, string policy, string? certificates, params IEnumerable<TimeSpan> ages) =>
        MakeAsync(store, policy, certificates, () => RandomNumberGenerator.GetBytes(DatabaseBytes), ages);

    /// <summary>The same with a database of the caller's.</summary>
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
            Reason = BackupReason.Schedule,
            CertsDirectory = certificates,
        };
        foreach (TimeSpan age in ages)
        {
            ManualTime then = new(TimeProvider.System.GetUtcNow() - age);
            await new BackupRun(repository, new BytesSource(database), "0.0.0", then)
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

        public Task<EtcdSnapshot> OpenAsync(CancellationToken cancellationToken)
        {
            byte[] database = read();
            byte[] snapshot = [.. database, .. SHA256.HashData(database)];
            HashKv hash = new() { Revision = Member.Revision, Hash = 1, CompactRevision = -1 };
            return Task.FromResult(
                new EtcdSnapshot(Member, snapshot.Length, new MemoryStream(snapshot), _ => Task.FromResult(hash)));
        }
    }
}
