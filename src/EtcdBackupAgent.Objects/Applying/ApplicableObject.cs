using System.Text.Json.Nodes;
using EtcdBackupAgent.Objects.Kinds;

namespace EtcdBackupAgent.Objects.Applying;

/// <summary>
/// Objects that an API server takes as new ones: without what it, or a controller, fills in itself. The rules are in
/// docs/spec/objects.md, by name.
/// </summary>
public static class ApplicableObject
{
    private static readonly ApplicableRule[] Common = CommonRules.All;

    private static readonly ILookup<(string Group, string Kind), ApplicableRule> OfKind =
        PodRules.All.Concat(WorkloadRules.All)
            .Concat(ServiceRules.All)
            .Concat(VolumeRules.All)
            .Concat(AccountRules.All)
            .Concat(ClusterRules.All)
            .ToLookup(rule => (rule.Group, rule.Kind));

    /// <summary>The names of the rules, in the order in which they are applied.</summary>
    public static IEnumerable<string> Rules =>
        OfKind.SelectMany(rules => rules).Concat(Common).Select(rule => rule.Name).Distinct();

    /// <summary>
    /// Returns a copy without what an API server or a controller fills in. Owner references are left out too, because
    /// they name their owner by a uid that it has no more: a caller that knows the new one adds them. The annotation
    /// of <c>kubectl apply</c> stays.
    /// </summary>
    /// <param name="kind">The kind of the object, in the version in which it is applied.</param>
    /// <param name="item">
    /// The object, as an API server prints it; it is not changed. With managed fields, node ports of a service are kept
    /// if a user has chosen them.
    /// </param>
    public static JsonObject Of(GroupVersionKind kind, JsonObject item)
    {
        JsonObject applicable = (JsonObject)item.DeepClone();

        // The common rules come last: they remove the managed fields, which others read.
        foreach (ApplicableRule rule in OfKind[(kind.Group, kind.Kind)].Concat(Common))
        {
            rule.Change(applicable);
        }

        return applicable;
    }
}
