using System.Globalization;
using System.Text.Json.Nodes;

namespace EtcdBackupAgent.Kubernetes.Objects;

/// <summary>What a policy's status knows of the field that the policy watches (<c>status.beforeUpgrade</c>). A new
/// state depends only on the previous one and on what was seen.</summary>
internal sealed record UpgradeState
{
    /// <summary>The most changes that wait for their backups. More of them are joined to the last one: the values
    /// before the first ones are what a user wants back.</summary>
    public const int PendingMax = 16;

    private const string WatchedField = "watched";
    private const string ValueField = "value";
    private const string VersionField = "resourceVersion";
    private const string PendingField = "pending";

    /// <summary>The object and the field, as text: the state of another field is void.</summary>
    public required string Watched { get; init; }

    /// <summary>The last known value.</summary>
    public required string Value { get; init; }

    /// <summary>The version of the object with which the value was first seen.</summary>
    public required long ResourceVersion { get; init; }

    /// <summary>The changes whose backups are not started yet, oldest first.</summary>
    public IReadOnlyList<UpgradeChange> Pending { get; init; } = [];

    /// <summary>Returns the state after a value was seen. The first value of a field is no change. What is older than
    /// the known value, as from another server's list, is ignored.</summary>
    /// <param name="previous">The state before; null for none.</param>
    /// <param name="watched">The object and the field, as text.</param>
    /// <param name="seen">What was seen.</param>
    public static UpgradeState After(UpgradeState? previous, string watched, UpgradeSighting seen)
    {
        if (previous is null || previous.Watched != watched)
        {
            return new UpgradeState { Watched = watched, Value = seen.Value, ResourceVersion = seen.ResourceVersion };
        }

        if (seen.Value == previous.Value || seen.ResourceVersion <= previous.ResourceVersion)
        {
            return previous;
        }

        UpgradeChange change = new()
        {
            From = previous.Value,
            To = seen.Value,
            ResourceVersion = seen.ResourceVersion,
            IsExact = !seen.IsListed,
        };
        return previous with
        {
            Value = seen.Value,
            ResourceVersion = seen.ResourceVersion,
            Pending = previous.Pending.Count < PendingMax
                ? [.. previous.Pending, change]
                : [.. previous.Pending.SkipLast(1), previous.Pending[^1] with { To = seen.Value }],
        };
    }

    /// <summary>Returns the state without a change whose backup has been started.</summary>
    public UpgradeState Without(UpgradeChange started) =>
        this with { Pending = [.. Pending.Where(change => change.ResourceVersion != started.ResourceVersion)] };

    /// <summary>Reads the field of a status; null if it is absent or not readable.</summary>
    public static UpgradeState? Of(JsonObject? json) =>
        ObjectFields.Text(json, WatchedField) is { } watched
        && ObjectFields.Text(json, ValueField) is { } value
        && ParseVersion(ObjectFields.Text(json, VersionField)) is { } version
            ? new UpgradeState
            {
                Watched = watched,
                Value = value,
                ResourceVersion = version,
                Pending =
                [
                    .. ObjectFields.Objects(json, PendingField).Select(UpgradeChange.Of).OfType<UpgradeChange>(),
                ],
            }
            : null;

    public JsonObject ToJson()
    {
        // A list is replaced by a patch as a whole; a field that is left out would stay.
        JsonArray pending = [];
        foreach (UpgradeChange change in Pending)
        {
            pending.Add((JsonNode)change.ToJson());
        }

        return new JsonObject
        {
            [WatchedField] = Watched,
            [ValueField] = Value,
            [VersionField] = Text(ResourceVersion),
            [PendingField] = pending,
        };
    }

    /// <summary>Reads a version of an object as a number; null if it is none.</summary>
    public static long? ParseVersion(string? text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long version) ? version : null;

    internal static string Text(long version) => version.ToString(CultureInfo.InvariantCulture);
}

/// <summary>A value of the watched field, as the API server reported it.</summary>
/// <param name="Value">The value, as text.</param>
/// <param name="ResourceVersion">The version of the object, which is the revision of etcd that wrote it.</param>
/// <param name="IsListed">Whether it comes from a list, so that earlier writes may have gone unseen.</param>
internal sealed record UpgradeSighting(string Value, long ResourceVersion, bool IsListed);

/// <summary>A change of the watched field.</summary>
internal sealed record UpgradeChange
{
    private const string FromField = "from";
    private const string ToField = "to";
    private const string VersionField = "resourceVersion";
    private const string ExactField = "exact";

    /// <summary>The value before.</summary>
    public required string From { get; init; }

    /// <summary>The value after.</summary>
    public required string To { get; init; }

    /// <summary>The version of the object with the new value.</summary>
    public required long ResourceVersion { get; init; }

    /// <summary>Whether the write with this version is the change itself. Otherwise the change was seen late, and the
    /// object may have been written again after it.</summary>
    public required bool IsExact { get; init; }

    /// <summary>The last revision of etcd before the change; if it was seen late, before the last write of the
    /// object.</summary>
    public long RevisionBefore => ResourceVersion - 1;

    public static UpgradeChange? Of(JsonObject json) =>
        ObjectFields.Text(json, FromField) is { } from
        && ObjectFields.Text(json, ToField) is { } to
        && UpgradeState.ParseVersion(ObjectFields.Text(json, VersionField)) is { } version
            ? new UpgradeChange
            {
                From = from,
                To = to,
                ResourceVersion = version,
                IsExact = ObjectFields.Flag(json, ExactField) == true,
            }
            : null;

    public JsonObject ToJson() => new()
    {
        [FromField] = From,
        [ToField] = To,
        [VersionField] = UpgradeState.Text(ResourceVersion),
        [ExactField] = IsExact,
    };
}
