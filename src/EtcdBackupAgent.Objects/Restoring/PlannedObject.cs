using System.Text.Json.Nodes;
using EtcdBackupAgent.Objects.Keys;
using EtcdBackupAgent.Objects.Kinds;

namespace EtcdBackupAgent.Objects.Restoring;

/// <summary>What a restore does with an object.</summary>
public enum PlannedAction
{
    Create,

    /// <summary>Sets fields of an existing object.</summary>
    Update,

    Replace,

    /// <summary>Leaves the cluster as it is, on purpose.</summary>
    Skip,

    /// <summary>Would restore it, and cannot.</summary>
    Cannot,
}

/// <summary>An object, and what a restore does with it.</summary>
public sealed record PlannedObject
{
    public required RestoreItem Item { get; init; }

    public required PlannedAction Action { get; init; }

    /// <summary>The reason to skip it, or why it cannot be restored; null for a write.</summary>
    public string? Reason { get; init; }

    /// <summary>The fields that a write of an existing object changes.</summary>
    public IReadOnlyList<FieldChange> Changes { get; init; } = [];

    /// <summary>The owners that are kept.</summary>
    public IReadOnlyList<PlannedOwner> Owners { get; init; } = [];

    /// <summary>What a user should know.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>Why the cluster could not check the write yet; null if it did.</summary>
    public string? NotChecked { get; init; }

    /// <summary>The right that the identity lacks; null if it lacks none.</summary>
    public string? MissingRight { get; init; }

    /// <summary>Where it is written; null if it is not.</summary>
    public ServedResource? Resource { get; init; }

    /// <summary>The resource version of the existing object that is replaced; empty otherwise.</summary>
    public string ResourceVersion { get; init; } = "";

    public bool IsWrite => Action is PlannedAction.Create or PlannedAction.Update or PlannedAction.Replace;

    /// <summary>Returns the write. An owner whose uid is not known is left out.</summary>
    /// <param name="method">How.</param>
    /// <param name="uidOf">Returns the uid of an owner that this restore writes; null if it has none.</param>
    internal ObjectWrite WriteOf(WriteMethod method, Func<StorageKey, string?> uidOf)
    {
        JsonObject body = (JsonObject)Item.Body!.DeepClone();
        JsonObject metadata = body["metadata"] as JsonObject ?? [];
        JsonArray references = [];
        foreach (PlannedOwner owner in Owners)
        {
            if (owner.Restored is null)
            {
                references.Add(owner.Reference.DeepClone());
            }
            else if (uidOf(owner.Restored) is { Length: > 0 } uid)
            {
                references.Add((JsonNode)owner.With(uid));
            }
        }

        if (references.Count > 0)
        {
            metadata["ownerReferences"] = references;
        }

        if (method == WriteMethod.Replace)
        {
            metadata["resourceVersion"] = ResourceVersion;
        }

        return new ObjectWrite(method, Resource!, Item.Target.Namespace, body);
    }
}

/// <summary>What a restore does, before it does anything.</summary>
/// <param name="Objects">The objects, in the order in which they are written.</param>
/// <param name="Unlisted">Versions that the cluster could not list.</param>
public sealed record ObjectRestorePlan(
    IReadOnlyList<PlannedObject> Objects, IReadOnlyList<UnlistedVersion> Unlisted)
{
    /// <summary>The number of objects that are written.</summary>
    public int Writes => Objects.Count(planned => planned.IsWrite);

    /// <summary>The number of objects with an action.</summary>
    public int Count(PlannedAction action) => Objects.Count(planned => planned.Action == action);

    /// <summary>The rights that the identity lacks.</summary>
    public IReadOnlyList<string> MissingRights =>
        [.. Objects.Select(planned => planned.MissingRight).OfType<string>().Distinct().Order(StringComparer.Ordinal)];
}
