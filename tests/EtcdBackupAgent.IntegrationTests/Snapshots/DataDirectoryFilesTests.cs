using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using EtcdBackupAgent.Snapshots.DataDirectory;
using EtcdBackupAgent.Testing;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.Etcd;
using EtcdBackupAgent.Testing.Processes;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.Snapshots;

/// <summary>Compares the files of the agent with those that etcd's own tools write from the same snapshot.</summary>
[Collection(SourceSnapshotsCollection.Name)]
public sealed class DataDirectoryFilesTests(SourceSnapshots snapshots)
{
    private const string Three =
        "n1=http://127.0.0.1:2380,n2=http://127.0.0.1:3381,n2=http://127.0.0.1:3380,n3=https://Node-3.example:4380";

    private const string Database = "member/snap/db";
    private const string Log = "member/wal/0000000000000000-0000000000000000.wal";

    public static TheoryData<string, string, string> Plans => new()
    {
        { "n1", "n1=http://127.0.0.1:2380", "etcd-cluster" },
        { "n2", Three, "a token" },
        { "n<&>\"\\é", "n<&>\"\\é=https://[::1]:2380", "" },
        { "m07", string.Join(',', Enumerable.Range(0, 12).Select(i => $"m{i:d2}=http://10.0.0.{i}:2380")), "twelve" },
    };

    [Theory]
    [MemberData(nameof(Plans))]
    public async Task The_log_and_the_raft_snapshot_are_identical_to_those_of_etcdutl(
        string name, string cluster, string token)
    {
        using TestDirectory directory = new();
        SourceSnapshot source = await snapshots.OfAsync("3.5");
        RestorePlan plan = Restored.Plan(name, cluster, token);

        RestoreSummary summary = Restored.ByAgent(source.File, directory["agent"], plan);
        await Restored.ByToolAsync("3.5", source.File, directory["tool"], plan);

        AssertSameFile(directory, Log);
        AssertSameFile(directory, $"member/snap/0000000000000001-{summary.MemberIds.Count:x16}.snap");
    }

    [Fact]
    public async Task The_files_are_those_of_etcdctl_3_4_except_for_the_field_that_etcd_3_5_added_to_the_last_record()
    {
        using TestDirectory directory = new();
        SourceSnapshot source = await snapshots.OfAsync("3.4");
        RestorePlan plan = Restored.Plan("n2", Three);

        Restored.ByAgent(source.File, directory["agent"], plan);
        await Restored.ByToolAsync("3.4", source.File, directory["tool"], plan);

        AssertSameFile(directory, "member/snap/0000000000000001-0000000000000003.snap");
        byte[] agent = File.ReadAllBytes(directory[$"agent/{Log}"]);
        byte[] tool = File.ReadAllBytes(directory[$"tool/{Log}"]);
        int same = agent.AsSpan().CommonPrefixLength(tool);
        Assert.Equal(tool.Length, agent.Length);
        Assert.Equal(LastFrame(tool), LastFrame(agent));
        Assert.InRange(same, LastFrame(agent), tool.Length);
    }

    [Theory]
    [InlineData(null)]
    [InlineData(1_000_000_000L)]
    public async Task The_database_has_the_same_content_as_that_of_etcdutl(long? bump)
    {
        using TestDirectory directory = new();
        SourceSnapshot source = await snapshots.OfAsync("3.5");
        RestorePlan plan = Restored.Plan("n2", Three) with { RevisionBump = bump };

        RestoreSummary summary = Restored.ByAgent(source.File, directory["agent"], plan);
        await Restored.ByToolAsync("3.5", source.File, directory["tool"], plan);

        var agent = DatabaseDump.Of(directory[$"agent/{Database}"]);
        var tool = DatabaseDump.Of(directory[$"tool/{Database}"]);
        string voters = $"{{\"voters\":[{string.Join(',', summary.MemberIds)}],\"auto_leave\":false}}";
        Assert.Equal(DatabaseDump.Hex(voters), agent["meta"][DatabaseDump.Hex("confState")]);
        tool["meta"][DatabaseDump.Hex("confState")] = agent["meta"][DatabaseDump.Hex("confState")];
        Assert.Equal(tool.Keys, agent.Keys);
        Assert.All(tool.Keys, bucket => Assert.True(tool[bucket].SequenceEqual(agent[bucket]), bucket));
        Assert.Equal(source.Revision, summary.RevisionBefore);
        Assert.Equal(source.Revision + (bump ?? 0), summary.RevisionAfter);
        Assert.Equal(1, summary.MembersReplaced);
    }

    [Theory]
    [InlineData("3.4", null)]
    [InlineData("3.4", 1000L)]
    [InlineData("3.5", null)]
    public async Task Only_the_data_of_the_old_cluster_is_changed(string version, long? bump)
    {
        using TestDirectory directory = new();
        SourceSnapshot source = await snapshots.OfAsync(version);
        RestorePlan plan = Restored.Plan("n2", Three) with { RevisionBump = bump };

        RestoreSummary summary = Restored.ByAgent(source.File, directory["agent"], plan);

        var before = DatabaseDump.Of(source.File);
        var after = DatabaseDump.Of(directory[$"agent/{Database}"]);
        Assert.Equal(before.Keys, after.Keys);
        IEnumerable<string> others = before.Keys
            .Where(name => name is not ("key" or "members" or "members_removed" or "meta"));
        foreach (string bucket in others)
        {
            Assert.True(before[bucket].SequenceEqual(after[bucket]), bucket);
        }

        string bumped = $"{summary.RevisionAfter:x16}5f{0:x16}";
        Assert.Equal(before["key"], after["key"].Where(element => bump is null || element.Key != bumped));
        Assert.Equal(bump is not null, after["key"].TryGetValue(bumped, out string? value) && value == "");
        Assert.Equal(
            summary.MemberIds.Select(id => DatabaseDump.Hex($"{id:x}")).Order(StringComparer.Ordinal),
            after["members"].Keys);
        Assert.Empty(after["members_removed"]);
        string[] changed =
            ["consistent_index", "term", "confState", .. bump is null ? [] : (string[])["scheduledCompactRev"]];
        Assert.Equal(before["meta"].Keys, after["meta"].Keys);
        Assert.Equal(
            before["meta"].Where(element => !changed.Select(DatabaseDump.Hex).Contains(element.Key)),
            after["meta"].Where(element => !changed.Select(DatabaseDump.Hex).Contains(element.Key)));
        Assert.Equal("0000000000000003", after["meta"][DatabaseDump.Hex("consistent_index")]);
    }

    [Theory]
    [InlineData("3.4")]
    [InlineData("3.5")]
    public async Task The_check_of_each_etcd_series_finds_no_problem_in_the_database(string version)
    {
        using TestDirectory directory = new();
        SourceSnapshot source = await snapshots.OfAsync(version);
        RestoreSummary summary = Restored.ByAgent(source.File, directory["agent"], Restored.Plan("n2", Three));

        foreach (EtcdSeries series in Peers.EtcdMatrix)
        {
            ToolResult status = await Tool.RunAsync(
                series.SnapshotTool,
                ["snapshot", "status", directory[$"agent/{Database}"], "-w", "json"],
                EtcdServer.Api);
            using JsonDocument json = JsonDocument.Parse(status.Output);
            Assert.Equal(source.Revision, json.RootElement.GetProperty("revision").GetInt64());
            Assert.Equal(summary.DatabaseBytes, json.RootElement.GetProperty("totalSize").GetInt64());
        }
    }

    [Fact]
    public async Task Only_the_owner_may_read_the_written_files()
    {
        using TestDirectory directory = new();
        SourceSnapshot source = await snapshots.OfAsync("3.5");
        RestoreSummary summary = Restored.ByAgent(source.File, directory["agent"], Restored.Plan("n2", Three));

        string[] files = Directory.GetFiles(directory["agent"], "*", SearchOption.AllDirectories);
        string[] directories = Directory.GetDirectories(directory["agent"], "*", SearchOption.AllDirectories);

        const UnixFileMode ReadWrite = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        Assert.Equal(3, files.Length);
        Assert.All(files, file => Assert.Equal(ReadWrite, File.GetUnixFileMode(file)));
        Assert.Equal(3, directories.Length);
        Assert.All(directories, path => Assert.Equal(ReadWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(path)));
        Assert.Equal(files.Sum(file => new FileInfo(file).Length), summary.BytesWritten);
    }

    /// <summary>
    /// Returns the offset of the last record of a log. Each record is preceded by its length, in the lower 7 of 8
    /// bytes.
    /// </summary>
    private static int LastFrame(byte[] log)
    {
        int at = 0;
        while (true)
        {
            int next = at + 8 + (((int)BinaryPrimitives.ReadInt64LittleEndian(log.AsSpan(at)) + 7) & ~7);
            if (BinaryPrimitives.ReadInt64LittleEndian(log.AsSpan(next)) == 0)
            {
                return at;
            }

            at = next;
        }
    }

    private static void AssertSameFile(TestDirectory directory, string path)
    {
        byte[] agent = File.ReadAllBytes(directory[$"agent/{path}"]);
        byte[] tool = File.ReadAllBytes(directory[$"tool/{path}"]);
        int same = agent.AsSpan().CommonPrefixLength(tool);
        Assert.True(
            agent.Length == tool.Length && same == tool.Length,
            $"{path} differs at byte {same}: "
            + Encoding.UTF8.GetString(agent.AsSpan(same)[..Math.Min(80, agent.Length - same)]));
    }
}
