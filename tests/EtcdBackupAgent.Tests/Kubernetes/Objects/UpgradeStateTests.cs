using System.Text.Json.Nodes;
using EtcdBackupAgent.Kubernetes.Objects;
using Xunit;

namespace EtcdBackupAgent.Tests.Kubernetes.Objects;

/// <summary>What the status of a policy knows of a watched field after each value that was seen.</summary>
public sealed class UpgradeStateTests
{
    private const string Watched = "v1 ConfigMap a/b .data.c";

    [Fact]
    public void The_first_value_is_stored_and_is_no_change()
    {
        UpgradeState state = UpgradeState.After(previous: null, Watched, new UpgradeSighting("1", 100, IsListed: true));

        Assert.Equal((Watched, "1", 100L), (state.Watched, state.Value, state.ResourceVersion));
        Assert.Empty(state.Pending);
    }

    [Fact]
    public void A_new_value_is_a_change_with_the_revision_before_it()
    {
        UpgradeState state = After(Known(), new UpgradeSighting("2", 120, IsListed: false));

        Assert.Equal(("2", 120L), (state.Value, state.ResourceVersion));
        UpgradeChange change = Assert.Single(state.Pending);
        Assert.Equal(("1", "2", 119L, true), (change.From, change.To, change.RevisionBefore, change.IsExact));
    }

    [Fact]
    public void A_change_that_a_list_shows_was_seen_late() =>
        Assert.False(Assert.Single(After(Known(), new UpgradeSighting("2", 120, IsListed: true)).Pending).IsExact);

    [Fact]
    public void Another_write_of_the_same_value_and_an_older_one_change_nothing()
    {
        UpgradeState known = Known();

        Assert.Same(known, After(known, new UpgradeSighting("1", 130, IsListed: false)));
        Assert.Same(known, After(known, new UpgradeSighting("0", 99, IsListed: true)));
    }

    [Fact]
    public void Several_changes_wait_in_their_order_and_leave_one_by_one()
    {
        UpgradeState state = After(
            Known(),
            new UpgradeSighting("2", 120, IsListed: false),
            new UpgradeSighting("3", 130, IsListed: false),
            new UpgradeSighting("1", 140, IsListed: false));

        Assert.Equal(["1>2", "2>3", "3>1"], state.Pending.Select(change => $"{change.From}>{change.To}"));
        Assert.Equal(
            ["2>3", "3>1"], state.Without(state.Pending[0]).Pending.Select(change => $"{change.From}>{change.To}"));
    }

    [Fact]
    public void Too_many_changes_are_joined_and_the_first_values_are_kept()
    {
        UpgradeState state = Known();
        for (int i = 0; i < 40; i++)
        {
            state = After(state, new UpgradeSighting($"next-{i}", 200 + i, IsListed: false));
        }

        Assert.Equal(16, UpgradeState.PendingMax);
        Assert.Equal(UpgradeState.PendingMax, state.Pending.Count);
        Assert.Equal("1", state.Pending[0].From);
        Assert.Equal(
            ("next-14", "next-39", 215L),
            (state.Pending[^1].From, state.Pending[^1].To, state.Pending[^1].ResourceVersion));
        Assert.Equal("next-39", state.Value);
    }

    [Fact]
    public void Another_field_begins_anew()
    {
        UpgradeState state = UpgradeState.After(
            Known(), "v1 ConfigMap a/b .data.d", new UpgradeSighting("7", 120, IsListed: false));

        Assert.Equal("7", state.Value);
        Assert.Empty(state.Pending);
    }

    [Fact]
    public void It_is_read_as_it_was_written()
    {
        UpgradeState state = After(
            Known(), new UpgradeSighting("2", 120, IsListed: false), new UpgradeSighting("3", 130, IsListed: true));

        JsonObject json = JsonNode.Parse(state.ToJson().ToJsonString())!.AsObject();

        Assert.Equal(state with { Pending = [] }, UpgradeState.Of(json)! with { Pending = [] });
        Assert.Equal(state.Pending, UpgradeState.Of(json)!.Pending);
        Assert.Null(UpgradeState.Of(null));
        Assert.Null(UpgradeState.Of(new JsonObject { ["watched"] = Watched, ["value"] = "1" }));
    }

    private static UpgradeState Known() =>
        UpgradeState.After(previous: null, Watched, new UpgradeSighting("1", 100, IsListed: true));

    private static UpgradeState After(UpgradeState state, params UpgradeSighting[] seen) =>
        seen.Aggregate(state, (known, sighting) => UpgradeState.After(known, Watched, sighting));
}
