using System.Text.Json.Nodes;
using EtcdBackupAgent.Kubernetes.Controllers;
using EtcdBackupAgent.Kubernetes.Objects;
using Xunit;

namespace EtcdBackupAgent.Tests.Kubernetes.Controllers;

/// <summary>Which deletions of a record ask for the deletion of its snapshot.</summary>
public sealed class DeletedRecordsTests
{
    private readonly DeletedRecords _deleted = new();

    [Theory]
    [InlineData("{}", true)]
    [InlineData("""{"deletionTimestamp":"2026-01-01T00:00:00Z","finalizers":["foregroundDeletion"]}""", true)]
    [InlineData($$"""{"finalizers":["{{ClusterNames.RecordFinalizer}}"]}""", false)]
    [InlineData($$$"""{"annotations":{"{{{ClusterNames.SnapshotGoneAnnotation}}}":"true"}}""", false)]
    public void A_person_asks_for_it_and_the_agents_own_removals_do_not(string metadata, bool asks)
    {
        RecordObject record = Record(metadata);

        _deleted.Add(record);

        Assert.Equal(asks, _deleted.Contains("mbr-1"));
        _deleted.Remove(record);
        Assert.False(_deleted.Contains("mbr-1"));
    }

    [Fact]
    public void Removing_one_leaves_a_later_one_of_the_name()
    {
        RecordObject first = Record("{}");
        RecordObject second = Record("{}");
        _deleted.Add(first);
        _deleted.Add(second);

        _deleted.Remove(first);

        Assert.Same(second, _deleted.Find("mbr-1"));
    }

    private static RecordObject Record(string metadata)
    {
        JsonObject item = new() { ["metadata"] = JsonNode.Parse(metadata) };
        item["metadata"]!["name"] = "mbr-1";
        return new RecordObject(item);
    }
}
