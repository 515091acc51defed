using System.Text;
using EtcdBackupAgent.Archive.Posix;
using EtcdBackupAgent.Core.Restores;
using EtcdBackupAgent.Output;
using EtcdBackupAgent.Snapshots.DataDirectory;
using Xunit;

namespace EtcdBackupAgent.Tests.Output;

public sealed class RestoreStepsTests
{
    private static readonly RestorePlan Plan = new()
    {
        Name = "cp1",
        Cluster = InitialCluster.Parse("cp1=http://a:1"),
        AdvertisePeerUrls = ["http://a:1"],
    };

    [Fact]
    public void A_new_directory_replaces_the_old_one() =>
        AssertCommands("/srv/new", [], "mv /var/lib/etcd /var/lib/etcd.old", "mv /srv/new /var/lib/etcd");

    [Fact]
    public void A_restore_into_the_data_directory_of_etcd_moves_nothing() =>
        AssertCommands("/var/lib/etcd", ["/var/lib/etcd"]);

    [Fact]
    public void The_content_is_moved_into_a_mount_point() => AssertCommands(
        "/srv/new",
        ["/var/lib/etcd"],
        "mv /var/lib/etcd/member /var/lib/etcd/member.old",
        "mv /srv/new/member /var/lib/etcd/");

    [Fact]
    public void The_content_is_moved_out_of_a_mount_point() => AssertCommands(
        "/srv/new",
        ["/srv/new"],
        "mv /var/lib/etcd /var/lib/etcd.old",
        "install -d -m 700 /var/lib/etcd",
        "mv /srv/new/member /var/lib/etcd/");

    [Fact]
    public void A_log_in_the_data_directory_is_moved_with_it() => Assert.Contains(
        "   mv /srv/new/member /srv/new/wal /var/lib/etcd/",
        Lines(Outcome("/srv/new", "/srv/new/wal"), Plan, ["/srv/new"]));

    [Theory]
    [InlineData(null, "If etcd.yaml has --wal-dir, do not use this data directory: restore again with --wal-dir.")]
    [InlineData("/srv/log", "In etcd.yaml --wal-dir must be /srv/log, or a directory with the same content only.")]
    public void The_step_for_an_old_log_is_always_shown(string? log, string expected)
    {
        string all = string.Join('\n', Lines(Outcome("/srv/new", log), Plan, []));

        Assert.Contains(expected, all, StringComparison.Ordinal);
        Assert.Contains("onto the restored data without an error", all, StringComparison.Ordinal);
    }

    [Fact]
    public void The_other_members_and_their_token_are_shown()
    {
        InitialCluster cluster = InitialCluster.Parse("cp1=http://a:1,cp2=http://b:1,cp3=http://c:1");
        RestorePlan three = Plan with { Cluster = cluster };

        string all = string.Join('\n', Lines(Outcome("/srv/new"), three, []));

        Assert.Contains("the other members (cp2, cp3)", all, StringComparison.Ordinal);
        Assert.Contains("Each must print the token restored-1.", all, StringComparison.Ordinal);
    }

    private static void AssertCommands(string dataDirectory, string[] mountPoints, params string[] commands) =>
        Assert.Equal(
            commands,
            Lines(Outcome(dataDirectory), Plan, mountPoints)
                .Select(line => line.Trim())
                .Where(line => line.Split(' ')[0] is "mv" or "install"));

    private static IReadOnlyList<string> Lines(DataDirectoryOutcome outcome, RestorePlan plan, string[] mountPoints) =>
    [
        .. RestoreSteps.Of(
            outcome,
            plan,
            new MountTable(Encoding.UTF8.GetBytes(
                string.Join('\n', mountPoints.Select(path => $"36 25 8:2 / {path} rw"))))),
    ];

    private static DataDirectoryOutcome Outcome(string dataDirectory, string? walDirectory = null) => new()
    {
        Manifest = null,
        DataDirectory = dataDirectory,
        WalDirectory = walDirectory,
        CertificatesPath = null,
        Summary = new RestoreSummary
        {
            ClusterId = 1,
            MemberId = 2,
            MemberIds = [2],
            Token = "restored-1",
            MembersReplaced = 0,
            RevisionBefore = 1,
            RevisionAfter = 1,
            DatabaseBytes = 1,
            BytesWritten = 1,
            Alarms = [],
            ClusterVersion = null,
            StorageVersion = null,
        },
    };
}
