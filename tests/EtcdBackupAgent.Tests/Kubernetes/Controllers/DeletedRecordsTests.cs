using System.Text.Json.Nodes;
using EtcdBackupAgent.Kubernetes.Controllers;
using EtcdBackupAgent.Kubernetes.Objects;
using Xunit;

namespace EtcdBackupAgent.Tests.Kubernetes.Controllers;

/// <summary>Which deletions of a record are requests to delete its snapshot.</summary>
public sealed class DeletedRecordsTests
{
    private readonly DeletedRecords _deleted = new();

    [Theory]
    [InlineData("{}", true)]
    [InlineData("""{"deletionTimestamp":"2026-01-01T00:00:00Z","finalizers":["foregroundDeletion"]}""", true)]
    [InlineData($$"""{"finalizers":["{{ClusterNames.RecordFinalizer}}"]}""", false)]
    [InlineData($$$"""{"annotations":{"{{{ClusterNames.SnapshotGoneAnnotation}}}":"true"}}""", false)]
    public void A_deletion_by_a_user_is_recorded_and_a_removal_by_the_agent_is_not(string metadata, bool isRecorded)
    {
        RecordObject record = Record(metadata);

        _deleted.Add(record);

        Assert.Equal(isRecorded, _deleted.Contains("mbr-1"));
        _deleted.Remove(record);
        Assert.False(_deleted.Contains("mbr-1"));
    }

    [Fact]
    public void Removing_a_record_keeps_a_later_record_of_the_same_name()
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
