using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.RestorePoints;
using EtcdBackupAgent.Core.Restores;
using EtcdBackupAgent.IntegrationTests.Etcd;
using EtcdBackupAgent.IntegrationTests.Snapshots;
using EtcdBackupAgent.Testing;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.Etcd;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.Archiving;

/// <summary>
/// Situations of a real etcd in which a simpler design of increments and of the change log restored wrong data without
/// an error, or stopped without need.
/// </summary>
public sealed class WrongHistoryTests : IDisposable
{
    /// <summary>The token of a cluster that is started without one.</summary>
    private const string StandardToken = "etcd-cluster";

    private readonly TestDirectory _directory = new();

    public static TheoryData<string> Versions => new("3.4", "3.5");

    public void Dispose() => _directory.Dispose();

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Changes_of_a_cluster_that_was_restored_with_the_same_token_are_not_restored(string version)
    {
        await using EtcdServer server = await StartAsync(version);
        using IndependentClient etcd = new(server.Endpoints[0]);
        await using ArchivedCluster archive = await ArchivedCluster.CreateAsync(EtcdServers.ConnectionTo(server));
        await PutAsync(etcd, 30, "before");
        string early = await SaveAsync(server);
        await PutAsync(etcd, 30, "lost");
        await archive.BackUpAsync(incremental: false);
        await RestoreSameAsync(server, version, early);

        // Further than the base, in revisions and in entries of raft: then nothing but the content differs.
        await PutAsync(etcd, 90, "other");
        BackupOutcome made = await archive.BackUpAsync(incremental: true);
        if (made.Manifest.IsIncremental)
        {
            BackupException e = await Assert.ThrowsAsync<BackupException>(
                () => archive.RestoreAsync(RestoreSelection.Of(made.Manifest.Id.Value), "restored"));
            Assert.Equal(FailureReason.DataDamaged, e.Reason);
            return;
        }

        Assert.Contains("was restored", made.Manifest.KindReason, StringComparison.Ordinal);
        (string path, _) = await archive.RestoreAsync(RestoreSelection.Of(made.Manifest.Id.Value), "restored");
        Assert.Equal(await LiveAsync(etcd), LiveIn(path));
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task The_log_of_a_cluster_that_was_restored_with_the_same_token_begins_again(string version)
    {
        await using EtcdServer server = await StartAsync(version);
        using IndependentClient etcd = new(server.Endpoints[0]);
        await using ArchivedCluster archive = await ArchivedCluster.CreateAsync(EtcdServers.ConnectionTo(server));
        await archive.StartAsync();
        await PutAsync(etcd, 20, "before");
        string early = await SaveAsync(server);
        await PutAsync(etcd, 20, "lost");
        IReadOnlyList<StoredRecord> lost = await LiveAsync(etcd);
        long lostRevision = etcd.Revision;
        await archive.StopAsync();
        await RestoreSameAsync(server, version, early);
        using IndependentClient restored = new(server.Endpoints[0]);
        await PutAsync(restored, 60, "other");

        await archive.StartAsync();
        await PutAsync(restored, 5, "new");
        await archive.StopAsync();

        // The revisions of the first lineage are those of before the restore.
        (string path, _) = await archive.RestoreAsync(new RestoreSelection { Revision = lostRevision }, "lost");
        Assert.Equal(lost, LiveIn(path));
        (path, _) = await archive.RestoreAsync(new RestoreSelection { Revision = restored.Revision }, "new");
        Assert.Equal(await LiveAsync(restored), LiveIn(path));
        Assert.Contains(archive.Events, e => e.StartsWith("began: etcd", StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task A_revision_that_was_compacted_while_the_snapshot_was_opened_is_never_wrong(string version)
    {
        await using EtcdServer server = await StartAsync(version);
        using IndependentClient etcd = new(server.Endpoints[0]);
        await PutAsync(etcd, 60, "value");
        await using ArchivedCluster archive = await ArchivedCluster.CreateAsync(EtcdServers.ConnectionTo(server));
        long target = 0;
        archive.BeforeSnapshot = async () =>
        {
            await PutAsync(etcd, 30, "between");
            target = etcd.Revision - 20;
            await etcd.CompactAsync(etcd.Revision - 5, physical: true);
        };
        await archive.StartAsync();
        await archive.StopAsync();

        BackupException e = await Assert.ThrowsAsync<BackupException>(
            () => archive.RestoreAsync(new RestoreSelection { Revision = target }, "restored"));

        Assert.Equal(FailureReason.SnapshotNotFound, e.Reason);
        Assert.Contains("already compacted", e.Message, StringComparison.Ordinal);
        (string path, _) = await archive.RestoreAsync(new RestoreSelection { Revision = etcd.Revision }, "last");
        Assert.Equal(await LiveAsync(etcd), LiveIn(path));
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task A_compaction_while_the_first_snapshot_is_made_leaves_no_hole(string version)
    {
        await using EtcdServer server = await StartAsync(version);
        using IndependentClient etcd = new(server.Endpoints[0]);
        await PutAsync(etcd, 10, "value");
        await using ArchivedCluster archive = await ArchivedCluster.CreateAsync(EtcdServers.ConnectionTo(server));
        archive.BeforeSnapshot = async () =>
        {
            await PutAsync(etcd, 10, "between");
            await etcd.CompactAsync(etcd.Revision, physical: true);
            await PutAsync(etcd, 10, "after");
        };
        await archive.StartAsync();
        await archive.StopAsync();

        Assert.Single(archive.Events, e => e.StartsWith("began", StringComparison.Ordinal));
        await archive.VerifyAsync(etcd.Revision);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task A_key_whose_lease_was_gone_before_it_was_seen_expires_after_a_restore(string version)
    {
        await using EtcdServer server = await StartAsync(version);
        using IndependentClient etcd = new(server.Endpoints[0]);
        await using ArchivedCluster archive = await ArchivedCluster.CreateAsync(EtcdServers.ConnectionTo(server));
        await archive.StartAsync();
        await PutAsync(etcd, 3, "value");
        await archive.StopAsync();
        long lease = await etcd.GrantLeaseAsync(3600);
        await etcd.ChangeAsync(IndependentClient.Put("/leased", "value", lease));
        long put = etcd.Revision;
        await etcd.RevokeLeaseAsync(lease);
        await archive.StartAsync();
        await archive.StopAsync();

        (string path, RestoreOutcome outcome) =
            await archive.RestoreAsync(new RestoreSelection { Revision = put }, "restored");

        Assert.Equal(1, outcome.Revision!.Merge.GoneLeases);
        Assert.Contains(LiveIn(path), record => record.Key == "/leased" && record.Lease == lease);
        await using EtcdServer restored = await Restored.StartAsync(version, path);
        using IndependentClient client = new(restored.Endpoints[0]);
        await TestDeadline.UntilAsync(
            "the key to expire",
            async () => (await client.KeysAsync()).All(key => key.Key.ToStringUtf8() != "/leased"));
    }

    [Fact]
    public async Task A_log_of_an_old_etcd_that_ends_where_etcd_is_compacted_begins_again()
    {
        await using EtcdServer server = await StartAsync("3.4");
        using IndependentClient etcd = new(server.Endpoints[0]);
        await using ArchivedCluster archive = await ArchivedCluster.CreateAsync(EtcdServers.ConnectionTo(server));
        await archive.StartAsync();
        await PutAsync(etcd, 4, "value");
        await etcd.ChangeAsync(
            IndependentClient.Delete("/k/0"),
            IndependentClient.Put("/k/1", "new"),
            IndependentClient.Delete("/k/2"),
            IndependentClient.Put("/k/3", "new"));
        await archive.StopAsync();
        await etcd.CompactAsync(etcd.Revision, physical: true);

        await archive.StartAsync();
        await PutAsync(etcd, 1, "later");
        await archive.StopAsync();

        Assert.Contains(archive.Events, e => e.Contains("may leave out deletions", StringComparison.Ordinal)
            || e.Contains("has another content", StringComparison.Ordinal));
        await archive.VerifyAsync(etcd.Revision);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task A_log_whose_last_revision_is_just_compacted_begins_again(string version)
    {
        await using EtcdServer server = await StartAsync(version);
        using IndependentClient etcd = new(server.Endpoints[0]);
        await using ArchivedCluster archive = await ArchivedCluster.CreateAsync(EtcdServers.ConnectionTo(server));
        await archive.StartAsync();
        await PutAsync(etcd, 4, "value");
        await archive.StopAsync();
        long last = etcd.Revision;
        await PutAsync(etcd, 4, "unseen");
        await etcd.CompactAsync(last + 1, physical: true);

        await archive.StartAsync();
        await archive.StopAsync();

        Assert.Contains(
            $"began: etcd has compacted up to revision {last + 1} before the log could be continued", archive.Events);
        RestoreWindow[] windows = [.. await archive.WindowsAsync()];
        Assert.Equal(2, windows.Length);
        Assert.Contains("has compacted", windows[0].EndReason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_log_goes_on_at_another_member_without_a_hole()
    {
        await using EtcdServer server = await EtcdServer.StartAsync(new EtcdServerOptions
        {
            Series = EtcdServers.Series("3.5"),
            Members = 3,
            IsDurable = true,
        });
        await using ArchivedCluster archive = await ArchivedCluster.CreateAsync(EtcdServers.ConnectionTo(server));
        await archive.StartAsync();
        for (int round = 0; round < 3; round++)
        {
            using IndependentClient etcd = new(server.Endpoints[(round + 1) % 3]);
            await PutAsync(etcd, 10, "before");
            await server.KillAsync(round);
            await TestDeadline.UntilAsync("writes without the member", async () =>
            {
                try
                {
                    await PutAsync(etcd, 10, "without");
                    return true;
                }
                catch (Grpc.Core.RpcException)
                {
                    return false;
                }
            });
            await server.RestartAsync(round);
        }

        using IndependentClient last = new(server.Endpoints[0]);
        await PutAsync(last, 1, "end");
        await archive.UntilStoredAsync(last.Revision);
        await archive.StopAsync();

        Assert.Single(archive.Events, e => e.StartsWith("began", StringComparison.Ordinal));
        await archive.VerifyAsync(last.Revision);
        (string path, _) = await archive.RestoreAsync(new RestoreSelection { Revision = last.Revision }, "restored");
        Assert.Equal(await LiveAsync(last), LiveIn(path));
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task A_snapshot_that_is_compacted_past_its_own_revision_is_sound(string version)
    {
        await using EtcdServer server = await StartAsync(version);
        using IndependentClient etcd = new(server.Endpoints[0]);
        await PutAsync(etcd, 20, "value");
        await using ArchivedCluster archive = await ArchivedCluster.CreateAsync(EtcdServers.ConnectionTo(server));
        archive.BeforeSnapshot = async () =>
        {
            await PutAsync(etcd, 10, "between");
            await etcd.CompactAsync(etcd.Revision, physical: true);
        };
        await archive.StartAsync();
        await PutAsync(etcd, 5, "after");
        await archive.StopAsync();

        await archive.VerifyAsync(etcd.Revision);
    }

    private static Task<EtcdServer> StartAsync(string version) => EtcdServer.StartAsync(
        new EtcdServerOptions { Series = EtcdServers.Series(version), IsDurable = true });

    private async Task<string> SaveAsync(EtcdServer server)
    {
        string path = _directory[Path.GetRandomFileName()];
        await SnapshotFile.SaveAsync(EtcdServers.ConnectionTo(server), path);
        return path;
    }

    /// <summary>
    /// Restores the only member with its name, its URL and its token, so that the cluster keeps its ID.
    /// </summary>
    private static async Task RestoreSameAsync(EtcdServer server, string version, string snapshot)
    {
        await server.KillAsync();
        Directory.Delete(server.DataDirectoryOf(0), recursive: true);

        // The agent refuses the token of the snapshot's own cluster; etcd's tool does not.
        await Restored.ByToolAsync(
            version,
            snapshot,
            server.DataDirectoryOf(0),
            Restored.Plan("m0", $"m0={server.PeerUrlOf(0)}", StandardToken));
        await server.RestartAsync();
    }

    private static async Task PutAsync(IndependentClient etcd, int count, string value)
    {
        for (int i = 0; i < count; i++)
        {
            await etcd.ChangeAsync(IndependentClient.Put($"/k/{i % 7}", $"{value} {i}"));
        }
    }

    private static async Task<IReadOnlyList<StoredRecord>> LiveAsync(IndependentClient etcd) =>
        [.. (await etcd.KeysAsync()).Select(StoredRecord.Of)];

    private static IReadOnlyList<StoredRecord> LiveIn(string path) =>
    [
        .. StoredRecord.Of(path)
            .GroupBy(record => record.Key, StringComparer.Ordinal)
            .Select(ofKey => ofKey.Last() with { Sub = 0 })
            .Where(record => record.Value is not null)
            .OrderBy(record => record.Key, StringComparer.Ordinal),
    ];
}
