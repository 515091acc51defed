using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Etcd;
using EtcdBackupAgent.Testing.Etcd;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.Etcd.Watching;

/// <summary>A watch from a revision that was compacted, and from the compacted revision itself.</summary>
public sealed class CompactedWatchTests
{
    public static TheoryData<string> Versions => Watcher.Versions;

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task A_watch_from_before_the_compacted_revision_is_refused(string version)
    {
        await using EtcdServer server =
            await EtcdServer.StartAsync(new EtcdServerOptions { Series = EtcdServers.Series(version) });
        long transaction = await CompactAtATransactionAsync(server);
        await using IWatchedMember member = await Watcher.ConnectAsync(EtcdServers.ConnectionTo(server));

        await using Watcher watcher = new(member, transaction - 1);
        CompactedException e = await watcher.FailAsync<CompactedException>();

        Assert.Equal(transaction, e.CompactRevision);
        Assert.Contains($"revision {transaction - 1} has been compacted", e.Message, StringComparison.Ordinal);
        Assert.True(await member.IsCompactedAsync(transaction - 1, CancellationToken.None));
        Assert.False(await member.IsCompactedAsync(transaction, CancellationToken.None));
        Assert.False(await member.IsCompactedAsync(0, CancellationToken.None));
    }

    /// <summary>
    /// This is why a writer of the change log must check that the revision before its first one can still be read: etcd
    /// before 3.4.34 and 3.5.16 removes the deletions of the compacted revision, but a watch from there is not refused.
    /// No revision is missing, and the numbers of the changes are wrong.
    /// </summary>
    [Theory]
    [MemberData(nameof(Versions))]
    public async Task A_watch_from_the_compacted_revision_is_complete_unless_etcd_is_too_old(string version)
    {
        await using EtcdServer server =
            await EtcdServer.StartAsync(new EtcdServerOptions { Series = EtcdServers.Series(version) });
        long transaction = await CompactAtATransactionAsync(server);
        await using IWatchedMember member = await Watcher.ConnectAsync(EtcdServers.ConnectionTo(server));

        await using Watcher watcher = new(member, transaction);
        await watcher.ReadToAsync(transaction + 1);

        bool isTooOld = version == "3.4";
        Assert.Equal(isTooOld ? "3.4.23" : member.Version, member.Version);
        Assert.Equal(
            isTooOld ? ["0 put", "1 put"] : ["0 deletion", "1 put", "2 deletion", "3 put"],
            watcher.Records
                .Where(record => record.Main == transaction)
                .Select(record => $"{record.Sub} {(record.IsTombstone ? "deletion" : "put")}"));
        // The check finds it.
        Assert.True(await member.IsCompactedAsync(transaction - 1, CancellationToken.None));
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task A_reader_that_is_overtaken_by_a_compaction_gets_the_same_exception(string version)
    {
        await using EtcdServer server =
            await EtcdServer.StartAsync(new EtcdServerOptions { Series = EtcdServers.Series(version) });
        using IndependentClient etcd = new(server.Endpoints[0]);
        await using IWatchedMember member = await Watcher.ConnectAsync(EtcdServers.ConnectionTo(server));
        await etcd.ChangeAsync(IndependentClient.Put("first", ""));
        await using Watcher watcher = new(member, etcd.Revision);
        await watcher.ReadToAsync(etcd.Revision);

        // More than etcd keeps for a watch that does not read: 1024 responses, and those in the window.
        byte[] value = new byte[EtcdConnection.WatchWindowBytes / 250];
        for (int i = 0; i < 3000; i++)
        {
            await etcd.ChangeAsync(IndependentClient.Put("key", value));
        }

        await etcd.CompactAsync(etcd.Revision, physical: true);
        CompactedException e = await watcher.FailAsync<CompactedException>();

        Assert.Equal(etcd.Revision, e.CompactRevision);
        Assert.Contains($"revision {watcher.Records[^1].Main + 1} has been", e.Message, StringComparison.Ordinal);
    }

    /// <summary>
    /// Makes a transaction of a deletion, a put, a deletion and a put, then another change, and compacts up to the
    /// transaction.
    /// </summary>
    /// <returns>The revision of the transaction.</returns>
    private static async Task<long> CompactAtATransactionAsync(EtcdServer server)
    {
        using IndependentClient etcd = new(server.Endpoints[0]);
        await etcd.ChangeAsync(IndependentClient.Put("a", "1"), IndependentClient.Put("c", "1"));
        await etcd.ChangeAsync(
            IndependentClient.Delete("a"),
            IndependentClient.Put("b", "2"),
            IndependentClient.Delete("c"),
            IndependentClient.Put("d", "2"));
        long transaction = etcd.Revision;
        await etcd.ChangeAsync(IndependentClient.Put("e", "3"));
        await etcd.CompactAsync(transaction, physical: true);
        return transaction;
    }
}
