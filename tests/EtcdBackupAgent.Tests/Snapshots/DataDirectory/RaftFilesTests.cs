using System.Text;
using System.Text.Json;
using EtcdBackupAgent.Snapshots.DataDirectory;
using Xunit;

namespace EtcdBackupAgent.Tests.Snapshots.DataDirectory;

/// <summary>The expected values are those of etcdutl 3.5.30 for the same cluster.</summary>
public sealed class RaftFilesTests
{
    private const string Three =
        "n1=http://127.0.0.1:2380,n2=http://127.0.0.1:3380,n2=http://127.0.0.1:3381,n3=http://127.0.0.1:4380";

    private static readonly RaftCluster Known = new(InitialCluster.Parse(Three), "tok");

    [Fact]
    public void Ids_are_those_that_etcdutl_computes()
    {
        Assert.Equal(0xa70052eec9675dabUL, Known.Id);
        Assert.Equal(
            ["71405583d3e2d5ce n1", "97044b8c3d0e95ca n2", "f41f6c497f3744bc n3"],
            Known.Members.Select(member => $"{member.HexId} {member.Name}"));
    }

    [Fact]
    public void Another_token_gives_different_ids()
    {
        RaftCluster other = new(InitialCluster.Parse(Three), "other");

        Assert.NotEqual(Known.Id, other.Id);
        Assert.Empty(Known.Members.Select(member => member.Id).Intersect(other.Members.Select(member => member.Id)));
    }

    [Fact]
    public void The_log_adds_the_members_and_commits_the_entries()
    {
        List<DecodedRecord> records = DecodedRecord.All(RaftFiles.Log(Known, Known.Members[1].Id));

        Assert.Equal([4UL, 1, 5, 2, 2, 2, 3, 5], records.Select(record => record.Type));
        Assert.Equal([(1, Known.Members[1].Id), (2, Known.Id)], records[1].Numbers());
        Assert.Equal([(1, 0UL), (2, 0UL)], records[2].Numbers());
        Assert.Equal([(1, 1UL), (2, Known.Members[0].Id), (3, 3UL)], records[6].Numbers());
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal([(1, 1UL), (2, 1UL), (3, (ulong)i + 1)], records[3 + i].Numbers());
            DecodedRecord change = records[3 + i].Inner(4);
            Assert.Equal([(1, 0UL), (2, 0UL), (3, Known.Members[i].Id)], change.Numbers());
            Assert.Equal(Known.Members[i].Json, Encoding.UTF8.GetString(change.Bytes(4)));
        }
    }

    [Fact]
    public void The_raft_snapshot_contains_a_JSON_tree_with_every_member()
    {
        DecodedRecord file = DecodedRecord.Of(RaftFiles.Snapshot(Known));
        DecodedRecord snapshot = file.Inner(2);
        using JsonDocument store = JsonDocument.Parse(snapshot.Bytes(1));

        Assert.Equal((1, (ulong)DecodedRecord.Checksum(0, file.Bytes(2))), file.Numbers()[0]);
        Assert.Equal([(2, 3UL), (3, 1UL)], snapshot.Inner(2).Numbers());
        Assert.Equal(
            [.. Known.Members.Select(member => (1, member.Id)), (5, 0UL)], snapshot.Inner(2).Inner(1).Numbers());
        JsonElement members = store.RootElement.GetProperty("Root").GetProperty("Children").GetProperty("0")
            .GetProperty("Children").GetProperty("members").GetProperty("Children");
        Assert.Equal(
            Known.Members.Select(member => member.HexId), members.EnumerateObject().Select(member => member.Name));
        Assert.Equal(3, store.RootElement.GetProperty("CurrentIndex").GetInt32());
    }

    [Theory]
    [InlineData("plain", "\"plain\"")]
    [InlineData("é\U0001F600", "\"é\U0001F600\"")]
    [InlineData("a<b>&c", "\"a\\u003cb\\u003e\\u0026c\"")]
    [InlineData("\"\\\u2028\u0001", "\"\\\"\\\\\\u2028\\u0001\"")]
    public void Strings_are_escaped_as_Go_does(string text, string json) => Assert.Equal(json, GoJson.Quote(text));
}
