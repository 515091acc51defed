using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Kubernetes.Objects;
using EtcdBackupAgent.Kubernetes.Publishing;
using EtcdBackupAgent.Resources.Binding;
using EtcdBackupAgent.Tests.Resources;
using Xunit;

namespace EtcdBackupAgent.Tests.Kubernetes.Objects;

public sealed class LocationStatusTests
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
    public void An_invalid_pin_never_counts_as_a_missing_pin(string pinned)
    {
        BackupException e = Assert.Throws<BackupException>(() => Location(pinned).ReadPin());

        Assert.Equal(FailureReason.InvalidInput, e.Reason);
        Assert.Contains("BackupLocation kubedr-system/l", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_pin_is_null()
    {
        Assert.Null(Location("null").ReadPin());
        Assert.Null(new LocationObject([]).ReadPin());
    }

    [Fact]
    public void A_pin_that_was_set_is_read_with_whole_seconds()
    {
        DateTimeOffset at = new(2026, 1, 1, 2, 0, 0, TimeSpan.FromHours(2));
        JsonObject status = [];
        new LocationStatus(status).SetPin(
            new PinnedRecipients { RepositoryId = "a", Recipients = [Recipient], PinnedAt = at.AddMilliseconds(7) });

        PinnedRecipients? read = new LocationStatus(status).ReadPin(Name);

        Assert.Equal(("a", at), (read!.RepositoryId, read.PinnedAt));
        Assert.Equal([Recipient], read.Recipients);
        Assert.Equal("2026-01-01T00:00:00Z", (string?)status["pinned"]!["pinnedAt"]);
    }

    [Fact]
    public void Ready_and_failed_are_reported_for_the_observed_generation_only()
    {
        JsonObject json = new() { ["pinned"] = new JsonObject(), ["unknown"] = 1 };
        LocationStatus status = new(json);
        BackupException failure = new(FailureReason.StoreFull, "The bucket is full.") { Hint = "Make room." };

        status.SetFailed(failure, generation: 2, DateTimeOffset.UnixEpoch);
        Assert.Equal((false, true), (status.IsReady(2), status.IsFailed("The bucket is full. Make room.", 2)));
        Assert.Equal(
            (false, false), (status.IsFailed("another", 2), status.IsFailed("The bucket is full. Make room.", 3)));

        status.SetReady("s3://a", generation: 3, DateTimeOffset.UnixEpoch);
        Assert.Equal(
            (true, false, false),
            (status.IsReady(3), status.IsReady(2), status.IsFailed(failure.MessageWithHint(SettingFields.NameOf), 3)));
        Assert.Equal(
            """
            {"pinned":{},"unknown":1,"initStatus":"Completed","initTime":"1970-01-01T00:00:00Z","observedGeneration":3,
            "conditions":[{"type":"Ready","status":"True","reason":"RepositoryUsable",
            "message":"The repository at s3://a can be used.","observedGeneration":3,
            "lastTransitionTime":"1970-01-01T00:00:00Z"}]}
            """.ReplaceLineEndings(""),
            json.ToJsonString());
    }

    [Fact]
    public async Task A_pod_never_pins()
    {
        DocumentPins pins = new(Location("null"));

        Assert.Null(await pins.ReadAsync(Name, CancellationToken.None));
        BackupException e = await Assert.ThrowsAsync<BackupException>(() =>
            pins.WriteAsync(
                Name,
                new PinnedRecipients
                {
                    RepositoryId = "a",
                    Recipients = [],
                    PinnedAt = default,
                },
                CancellationToken.None));

        Assert.Equal(FailureReason.ProtectionChanged, e.Reason);
    }

    private static LocationObject Location(string pinned) => new((JsonObject)JsonNode.Parse(
        $$$"""{"metadata":{"name":"l","namespace":"kubedr-system"},"status":{"pinned":{{{pinned}}}}}""")!);
}
