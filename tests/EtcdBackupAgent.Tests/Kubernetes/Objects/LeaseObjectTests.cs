using System.Text.Json.Nodes;
using EtcdBackupAgent.Kubernetes.Objects;
using EtcdBackupAgent.Tests.Core;
using Xunit;

namespace EtcdBackupAgent.Tests.Kubernetes.Objects;

public sealed class LeaseObjectTests
{
    private static readonly DateTimeOffset Start = SampleSnapshots.NewYear;

    [Fact]
    public void A_holder_that_renews_its_lease_keeps_the_time_at_which_it_acquired_it_and_another_one_does_not()
    {
        LeaseObject acquired = Held(null, "a", Start);
        LeaseObject renewed = Held(acquired, "a", Start.AddSeconds(2));
        LeaseObject taken = Held(renewed.Released(), "b", Start.AddSeconds(4));

        Assert.Equal(("a", "00:00:00", "00:00:00", 0), Fields(acquired));
        Assert.Equal(("a", "00:00:00", "00:00:02", 0), Fields(renewed));
        Assert.Equal(("b", "00:00:04", "00:00:04", 1), Fields(taken));
        Assert.Equal((TimeSpan?)TimeSpan.FromSeconds(15), taken.Duration);
    }

    private static LeaseObject Held(LeaseObject? lease, string holder, DateTimeOffset now) =>
        LeaseObject.Held(lease, "lead", holder, TimeSpan.FromSeconds(15), now);

    private static (string Holder, string AcquiredAt, string RenewedAt, long Transitions) Fields(LeaseObject lease)
    {
        JsonNode fields = lease.Json["spec"]!;
        return (
            lease.Holder,
            TimeOf("acquireTime"),
            TimeOf("renewTime"),
            ObjectFields.Number((JsonObject)fields, "leaseTransitions")!.Value);

        // 2026-01-01T00:00:04.000000Z
        string TimeOf(string field) => ((string)fields[field]!)[11..19];
    }
}
