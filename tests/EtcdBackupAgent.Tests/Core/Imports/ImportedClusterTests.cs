using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.History;
using EtcdBackupAgent.Core.Imports;
using EtcdBackupAgent.Snapshots.DataDirectory;
using EtcdBackupAgent.Snapshots.Reports;
using Xunit;

namespace EtcdBackupAgent.Tests.Core.Imports;

/// <summary>The cluster of a file is found out as far as its members and the repository tell.</summary>
public sealed class ImportedClusterTests
{
    private const string PeerUrl = "http://localhost:2380";

    /// <summary>The IDs that etcd gives a single member with default options.</summary>
    private const ulong DefaultMember = 0x8e9e05c52164694d;
    private const ulong DefaultCluster = 0xcdf818194e3a8c32;

    [Fact]
    public void A_single_member_with_the_default_token_is_certain()
    {
        ImportedCluster cluster = ImportedCluster.Choose(null, State([DefaultMember]), []);

        Assert.Equal(new EtcdId(DefaultCluster), cluster.Id);
        Assert.Equal(ImportClusterId.Computed, cluster.From);
        Assert.Null(cluster.Warning);
    }

    [Fact]
    public void The_founder_is_recognized_among_members_that_joined()
    {
        ImportedCluster cluster = ImportedCluster.Choose(null, State([DefaultMember, 0x1, 0x2]), []);

        Assert.Equal(new EtcdId(DefaultCluster), cluster.Id);
        Assert.Null(cluster.Warning);
    }

    [Fact]
    public void Members_that_left_make_the_ID_uncertain()
    {
        ImportedCluster cluster = ImportedCluster.Choose(null, State([0x1, 0x2], removed: [0x3]), []);

        Assert.Equal(ImportClusterId.Computed, cluster.From);
        Assert.Contains("may have another one", cluster.Warning, StringComparison.Ordinal);
    }

    [Fact]
    public void A_backup_of_the_repository_decides_if_members_of_the_file_can_have_founded_its_cluster()
    {
        ulong founded = FoundingMembers.Compute(State([0x1, 0x3]), out _)!.Value;

        ImportedCluster cluster = ImportedCluster.Choose(
            null, State([0x1, 0x2], removed: [0x3]), [Backup(0xc1), Backup(founded)]);

        Assert.Equal(new EtcdId(founded), cluster.Id);
        Assert.Equal(ImportClusterId.Known, cluster.From);
        Assert.Null(cluster.Warning);
    }

    [Fact]
    public void Two_possible_clusters_are_refused_and_the_user_decides()
    {
        EtcdState state = State([0x1, 0x2]);
        Snapshot[] both =
        [
            Backup(FoundingMembers.Compute(State([0x1]), out _)!.Value),
            Backup(FoundingMembers.Compute(State([0x2]), out _)!.Value),
        ];

        BackupException e = Assert.Throws<BackupException>(() => ImportedCluster.Choose(null, state, both));
        Assert.Equal([Setting.ClusterId], e.Settings);
        Assert.Equal(
            new ImportedCluster(new EtcdId(7), ImportClusterId.Given, Warning: null),
            ImportedCluster.Choose(new EtcdId(7), state, both));
    }

    [Fact]
    public void A_file_without_members_needs_an_ID() =>
        Assert.Equal(
            [Setting.ClusterId],
            Assert.Throws<BackupException>(() => ImportedCluster.Choose(null, new EtcdState(), [])).Settings);

    [Fact]
    public void Of_more_members_than_can_be_tried_only_the_likely_ID_is_possible()
    {
        ulong[] members = [.. Enumerable.Range(1, FoundingMembers.MembersMax + 1).Select(id => (ulong)id)];

        Assert.Single(FoundingMembers.AllPossible(State(members)));
        Assert.Equal(
            (1 << FoundingMembers.MembersMax) - 1,
            FoundingMembers.AllPossible(State(members[1..])).Count);
    }

    private static EtcdState State(ulong[] members, ulong[]? removed = null) => new()
    {
        Members =
        [
            .. members.Select(id => new EtcdMemberReport
            {
                Id = id,
                Name = $"{id}",
                PeerUrls = [PeerUrl],
                ClientUrls = [],
                IsLearner = false,
            }),
        ],
        RemovedMembers = removed ?? [],
    };

    private static Snapshot Backup(ulong cluster)
    {
        SnapshotFolder folder = new(SampleSnapshots.NewYear, SnapshotId.New());
        return new Snapshot
        {
            Folder = folder,
            Manifest = SampleSnapshots.Manifest(folder, cluster: cluster),
            Missing = [],
        };
    }
}
