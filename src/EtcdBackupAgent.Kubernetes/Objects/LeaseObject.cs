using System.Globalization;
using System.Text.Json.Nodes;

namespace EtcdBackupAgent.Kubernetes.Objects;

/// <summary>A <c>coordination.k8s.io/v1</c> Lease.</summary>
internal sealed class LeaseObject(JsonObject json) : ClusterObject(json)
{
    private const string HolderField = "holderIdentity";
    private const string DurationField = "leaseDurationSeconds";
    private const string TransitionsField = "leaseTransitions";

    /// <summary>The format of MicroTime in Kubernetes' API: six digits of a second.</summary>
    private const string TimeFormat = "yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'";

    /// <summary>The holder; empty if the lease was released.</summary>
    public string Holder => ObjectFields.Text(Specification, HolderField) ?? "";

    /// <summary>How long it is valid after a renewal; null if the lease has no duration.</summary>
    public TimeSpan? Duration =>
        ObjectFields.Number(Specification, DurationField) is { } seconds ? TimeSpan.FromSeconds(seconds) : null;

    public static LeaseObject? Of(JsonObject? json) => json is null ? null : new LeaseObject(json);

    /// <summary>Returns the lease as held by one process: a new lease, or the existing one, renewed or taken
    /// over.</summary>
    /// <param name="lease">The existing lease; null if there is none.</param>
    /// <param name="name">The name of the lease.</param>
    /// <param name="holder">The process.</param>
    /// <param name="duration">How long it is valid; whole seconds.</param>
    /// <param name="now">The time.</param>
    public static LeaseObject Held(
        LeaseObject? lease, string name, string holder, TimeSpan duration, DateTimeOffset now)
    {
        LeaseObject held = new((JsonObject?)lease?.Json.DeepClone() ?? new JsonObject
        {
            ["apiVersion"] = ResourceKind.Lease.ApiVersion,
            ["kind"] = ResourceKind.Lease.Kind,
            ["metadata"] = new JsonObject { ["name"] = name },
        });
        JsonObject specification = held.WritableSpecification;
        string time = now.UtcDateTime.ToString(TimeFormat, CultureInfo.InvariantCulture);
        if (held.Holder != holder)
        {
            specification[TransitionsField] =
                lease is null ? 0 : (ObjectFields.Number(specification, TransitionsField) ?? 0) + 1;
            specification["acquireTime"] = time;
        }

        specification[HolderField] = holder;
        specification[DurationField] = (int)duration.TotalSeconds;
        specification["renewTime"] = time;
        return held;
    }

    /// <summary>Returns a copy without a holder.</summary>
    public LeaseObject Released()
    {
        LeaseObject released = new((JsonObject)Json.DeepClone());
        released.WritableSpecification[HolderField] = "";
        return released;
    }
}
