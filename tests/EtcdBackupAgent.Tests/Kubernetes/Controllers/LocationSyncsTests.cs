using System.Text.Json.Nodes;
using EtcdBackupAgent.Kubernetes.Controllers;
using EtcdBackupAgent.Kubernetes.Objects;
using EtcdBackupAgent.Testing.Time;
using Xunit;

namespace EtcdBackupAgent.Tests.Kubernetes.Controllers;

public sealed class LocationSyncsTests
{
    private static readonly ControllerOptions Options = new();

    private readonly ManualTime _time = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
    private readonly LocationSyncs _syncs;

    public LocationSyncsTests() => _syncs = new LocationSyncs(Options, _time);

    [Fact]
    public void A_location_is_due_at_first_and_then_once_in_each_period()
    {
        LocationObject location = Location();
        Assert.Equal(TimeSpan.Zero, _syncs.UntilDue(location));

        Sync(location);

        Assert.Equal(Options.SyncPeriod, _syncs.UntilDue(location));
        _time.Advance(Options.SyncPeriod);
        Assert.Equal(TimeSpan.Zero, _syncs.UntilDue(location));
    }

    [Theory]
    [InlineData("another", 1)]
    [InlineData("first", 2)]
    public void Another_object_of_the_same_name_or_another_specification_is_due_at_once(string uid, long generation)
    {
        Sync(Location());

        Assert.Equal(TimeSpan.Zero, _syncs.UntilDue(Location(uid, generation)));
        Sync(Location(uid, generation));
        Assert.Equal(Options.SyncPeriod, _syncs.UntilDue(Location(uid, generation)));
    }

    [Fact]
    public void Changes_of_records_make_it_due_earlier_but_not_before_the_minimum_interval()
    {
        LocationObject location = Location();
        Sync(location);
        for (int i = 0; i < 100; i++)
        {
            _syncs.RecordsChanged("disk");
        }

        Assert.Equal(Options.SyncIntervalMin, _syncs.UntilDue(location));
        _time.Advance(Options.SyncIntervalMin);
        Sync(location);
        Assert.Equal(Options.SyncPeriod, _syncs.UntilDue(location));
    }

    [Fact]
    public void The_next_sync_covers_changes_during_a_sync_and_those_of_a_failed_sync()
    {
        LocationObject location = Location();
        Sync(location);
        _syncs.RecordsChanged("disk");
        _ = _syncs.Begin(location);
        Assert.Equal(Options.SyncIntervalMin, _syncs.UntilDue(location));

        SyncRound round = _syncs.Begin(location);
        _syncs.RecordsChanged("disk");
        _syncs.Complete(location, round);

        Assert.Equal(Options.SyncIntervalMin, _syncs.UntilDue(location));
    }

    [Fact]
    public void A_removed_location_is_due()
    {
        Sync(Location());

        _syncs.Remove("disk");

        Assert.Equal(TimeSpan.Zero, _syncs.UntilDue(Location()));
    }

    private void Sync(LocationObject location) => _syncs.Complete(location, _syncs.Begin(location));

    private static LocationObject Location(string uid = "first", long generation = 1) => new(new JsonObject
    {
        ["metadata"] = new JsonObject { ["name"] = "disk", ["uid"] = uid, ["generation"] = generation },
    });
}
