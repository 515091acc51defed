using EtcdBackupAgent.Snapshots.DataDirectory;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.Etcd;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.Snapshots;

[Collection(SourceSnapshotsCollection.Name)]
public sealed class RestoredAlarmTests(SourceSnapshots snapshots)
{
    private const string Cluster = "n1=http://127.0.0.1:2380";

    [Theory]
    [InlineData("3.4")]
    [InlineData("3.5")]
    public async Task A_database_that_fits_its_quota_starts_without_the_alarm_and_accepts_writes(string version)
    {
        SourceSnapshot source = await snapshots.WithAlarmAsync(version, "NOSPACE");

        await using EtcdServer server = await Restored.StartAsync(version, source);

        Assert.Equal("", await server.EtcdctlAsync("alarm", "list"));
        await server.EtcdctlAsync("put", "/registry/new", "x");
    }

    [Theory]
    [InlineData("NOSPACE", 2L << 30, false)]
    [InlineData("NOSPACE", 4096L, true)]
    [InlineData("CORRUPT", 2L << 30, true)]
    public async Task Alarms_are_reported_and_kept_unless_their_cause_is_gone(string alarm, long quotaBytes, bool kept)
    {
        using TestDirectory directory = new();
        SourceSnapshot source = await snapshots.WithAlarmAsync("3.5", alarm);

        RestoreSummary summary = Restored.ByAgent(
            source.File, directory["agent"], Restored.Plan("n1", Cluster) with { QuotaBackendBytes = quotaBytes });

        RestoredAlarm restored = Assert.Single(summary.Alarms);
        Assert.Equal((7UL, alarm, kept), (restored.MemberId, restored.Kind, restored.Kept));
        var before = DatabaseDump.Of(source.File);
        var after = DatabaseDump.Of(directory["agent/member/snap/db"]);
        Assert.Single(before["alarm"]);
        Assert.Equal(kept ? before["alarm"] : [], after["alarm"]);
    }
}
