using System.Globalization;
using System.Text.Json.Nodes;
using EtcdBackupAgent.Objects.Restoring;

namespace EtcdBackupAgent.Kubernetes.Objects;

/// <summary>What a restore of objects did or, for a dry run, would do: <c>status.objects</c> of a MetadataRestore. The
/// log of the pod has every object.</summary>
internal sealed record RestoredObjects
{
    /// <summary>The number of failures and of missing rights that a status names: every watcher reads
    /// it.</summary>
    public const int FailuresMax = 10;

    /// <summary>The length of a reason in a status, in characters: a webhook may return any text.</summary>
    public const int ReasonLengthMax = 300;

    public bool IsDryRun { get; private init; }

    public int Created { get; private init; }

    public int Updated { get; private init; }

    public int Replaced { get; private init; }

    public int Skipped { get; private init; }

    /// <summary>The cluster refused the write.</summary>
    public int Failed { get; private init; }

    /// <summary>The plan knew that it cannot be restored.</summary>
    public int Cannot { get; private init; }

    /// <summary>The first objects that failed, or cannot be restored.</summary>
    public IReadOnlyList<FailedObject> Failures { get; private init; } = [];

    /// <summary>The rights that the service account lacks, such as <c>create secrets in namespace web</c>.</summary>
    public IReadOnlyList<string> MissingRights { get; private init; } = [];

    /// <summary>Whether everything that was selected is in the cluster, but for what was skipped on purpose.</summary>
    public bool IsComplete => Failed + Cannot == 0;

    /// <summary>Summarizes a plan.</summary>
    public static RestoredObjects Of(ObjectRestorePlan plan) => new()
    {
        IsDryRun = true,
        Created = plan.Count(PlannedAction.Create),
        Updated = plan.Count(PlannedAction.Update),
        Replaced = plan.Count(PlannedAction.Replace),
        Skipped = plan.Count(PlannedAction.Skip),
        Cannot = plan.Count(PlannedAction.Cannot),
        Failures = First(plan.Objects
            .Where(planned => planned.Action == PlannedAction.Cannot)
            .Select(planned => (planned.Item, planned.Reason))),
        MissingRights = plan.MissingRights,
    };

    /// <summary>Summarizes a report.</summary>
    public static RestoredObjects Of(ObjectRestoreReport report) => new()
    {
        Created = report.Count(RestoreOutcome.Created),
        Updated = report.Count(RestoreOutcome.Updated),
        Replaced = report.Count(RestoreOutcome.Replaced),
        Skipped = report.Count(RestoreOutcome.Skipped),
        Failed = report.Count(RestoreOutcome.Failed),
        Cannot = report.Count(RestoreOutcome.NotPossible),
        Failures = First(report.Objects
            .Where(one => one.Outcome is RestoreOutcome.Failed or RestoreOutcome.NotPossible)
            .Select(one => (one.Planned.Item, one.Reason))),
        MissingRights = report.MissingRights,
    };

    /// <summary>Returns the fields of the status.</summary>
    public JsonObject ToJson() => new()
    {
        ["dryRun"] = IsDryRun,
        ["created"] = Created,
        ["updated"] = Updated,
        ["replaced"] = Replaced,
        ["skipped"] = Skipped,
        ["failed"] = Failed,
        ["cannot"] = Cannot,
        ["failures"] = new JsonArray([.. Failures.Select(failure => failure.ToJson())]),
        ["missingRights"] = new JsonArray(
            [.. MissingRights.Take(FailuresMax).Select(right => JsonValue.Create(right))]),
    };

    /// <summary>The counts, as in the report.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Created} created, {Updated} updated, {Replaced} replaced, {Skipped} skipped, {Failed + Cannot} failed");

    private static IReadOnlyList<FailedObject> First(IEnumerable<(RestoreItem Item, string? Reason)> failures) =>
    [
        .. failures.Take(FailuresMax).Select(failure => new FailedObject(
            $"{failure.Item.Target.Resource}",
            failure.Item.Target.Namespace,
            failure.Item.Target.Name,
            Shorten(failure.Reason ?? "no reason is given"))),
    ];

    private static string Shorten(string reason) =>
        reason.Length <= ReasonLengthMax ? reason : $"{reason[..(ReasonLengthMax - 1)]}…";
}

/// <summary>An object that was not restored, and why.</summary>
internal sealed record FailedObject(string Resource, string? Namespace, string Name, string Reason)
{
    public override string ToString() =>
        $"{Resource} {(Namespace is null ? Name : $"{Namespace}/{Name}")}: {Reason.TrimEnd('.')}";

    public JsonObject ToJson()
    {
        JsonObject json = new() { ["resource"] = Resource, ["name"] = Name, ["reason"] = Reason };
        if (Namespace is not null)
        {
            json["namespace"] = Namespace;
        }

        return json;
    }
}
