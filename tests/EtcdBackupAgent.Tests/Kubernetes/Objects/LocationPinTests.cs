using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Kubernetes.Objects;
using EtcdBackupAgent.Kubernetes.Publishing;
using EtcdBackupAgent.Tests.Resources;
using Xunit;

namespace EtcdBackupAgent.Tests.Kubernetes.Objects;

public sealed class LocationPinTests
{
    private const string Recipient = DirectoryFixture.Recipient;
    private static readonly ResourceName Name = new("kubedr-system", "l");

    [Theory]
    [InlineData("""{"recipients":[],"pinnedAt":"2026-01-01T00:00:00Z"}""")]
    [InlineData("""{"repositoryId":"","recipients":[],"pinnedAt":"2026-01-01T00:00:00Z"}""")]
    [InlineData("""{"repositoryId":"a","recipients":["age1nonsense"],"pinnedAt":"2026-01-01T00:00:00Z"}""")]
    [InlineData("""{"repositoryId":"a","recipients":[null],"pinnedAt":"2026-01-01T00:00:00Z"}""")]
    [InlineData("""{"repositoryId":"a","recipients":[],"pinnedAt":"yesterday"}""")]
    [InlineData("\"pinned\"")]
    public void A_pin_that_makes_no_sense_never_counts_as_none(string pinned)
    {
        BackupException e = Assert.Throws<BackupException>(() => LocationPin.Read(Location(pinned)));

        Assert.Equal(FailureReason.InvalidInput, e.Reason);
        Assert.Contains("BackupLocation kubedr-system/l", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_a_pin_there_is_none()
    {
        Assert.Null(LocationPin.Read(Location("null")));
        Assert.Null(LocationPin.Read([]));
    }

    [Fact]
    public void What_is_set_is_read_to_the_second()
    {
        DateTimeOffset at = new(2026, 1, 1, 2, 0, 0, TimeSpan.FromHours(2));
        JsonObject status = [];
        LocationPin.Set(status, new PinnedRecipients { RepositoryId = "a", Recipients = [Recipient], PinnedAt = at.AddMilliseconds(7) });

        PinnedRecipients? read = LocationPin.Read(new JsonObject { ["status"] = status });

        Assert.Equal(("a", at), (read!.RepositoryId, read.PinnedAt));
        Assert.Equal([Recipient], read.Recipients);
        Assert.Equal("2026-01-01T00:00:00Z", (string?)status["pinned"]!["pinnedAt"]);
    }

    [Fact]
    public async Task A_pod_pins_nothing()
    {
        DocumentPins pins = new(Location("null"));

        Assert.Null(await pins.ReadAsync(Name, CancellationToken.None));
        BackupException e = await Assert.ThrowsAsync<BackupException>(() => pins.WriteAsync(
            Name, new PinnedRecipients { RepositoryId = "a", Recipients = [], PinnedAt = default }, CancellationToken.None));

        Assert.Equal(FailureReason.ProtectionChanged, e.Reason);
    }

    private static JsonObject Location(string pinned) => (JsonObject)JsonNode.Parse(
        $$$"""{"metadata":{"name":"l","namespace":"kubedr-system"},"status":{"pinned":{{{pinned}}}}}""")!;
}
