using System.Text.Json.Nodes;
using EtcdBackupAgent.Objects.Applying;
using EtcdBackupAgent.Objects.CustomResources;
using EtcdBackupAgent.Objects.Json;
using EtcdBackupAgent.Objects.Keys;
using EtcdBackupAgent.Objects.Kinds;

namespace EtcdBackupAgent.Objects.Restoring;

/// <summary>Decides what a restore does with each object, by the state of the cluster: the middle steps of
/// <see cref="ObjectRestore"/>.</summary>
/// <remarks>
/// For each object:
/// 1. Pass on why it is left out, or cannot be restored.
/// 2. Find where the cluster serves its kind in exactly its version; or that it will, by a definition of this restore.
/// 3. Find its namespace.
/// 4. Find its owners, and the volume of a claim.
/// 5. Compare it with the existing object.
/// 6. Let the cluster check the write, without storing it; or the right to it, if its namespace or its kind does not
///    exist yet.
/// </remarks>
/// <param name="target">The cluster.</param>
/// <param name="request">What is restored.</param>
/// <param name="served">What the cluster serves.</param>
internal sealed class RestorePlanner(IObjectTarget target, ObjectRestoreRequest request, ServedResources served)
{
    private static readonly GroupVersionKind NamespaceKind = new("v1", "Namespace");
    private static readonly GroupVersionKind ReviewKind = new("authorization.k8s.io/v1", "SelfSubjectAccessReview");
    private static readonly GroupVersionKind ClaimKind = new("v1", "PersistentVolumeClaim");
    private static readonly GroupVersionKind VolumeKind = new("v1", "PersistentVolume");

    private readonly Dictionary<StorageKey, PlannedObject> _planned = [];
    private readonly Dictionary<GroupVersionKind, ServedResource> _defined = [];
    private readonly Dictionary<string, string?> _namespaceProblems = new(StringComparer.Ordinal);
    private readonly Dictionary<StorageKey, string> _uids = [];
    private readonly Dictionary<string, bool> _rights = new(StringComparer.Ordinal);

    /// <summary>Plans the next object. Objects come in the order in which they are written.</summary>
    public async Task<PlannedObject> PlanAsync(RestoreItem item, CancellationToken cancellationToken)
    {
        PlannedObject planned;
        try
        {
            planned = await DecideAsync(item, cancellationToken);
        }
        catch (TargetRefusedException e)
        {
            planned = Cannot(item, e.Message) with { MissingRight = e.MissingRight };
        }

        planned = planned with { Notes = [.. item.Notes, .. planned.Notes] };
        _planned[item.Target] = planned;
        if (planned.IsWrite && item.Kind is { Kind: "CustomResourceDefinition" })
        {
            Define(item.Body!);
        }

        return planned;
    }

    private async Task<PlannedObject> DecideAsync(RestoreItem item, CancellationToken cancellationToken)
    {
        // 1
        if (item.LeftOut is { } leftOut)
        {
            return Skip(item, leftOut);
        }

        if (item.Problem is { } problem)
        {
            return Cannot(item, problem);
        }

        // 2
        ServedResource? known = served.Find(item.Kind!);
        ServedResource? resource = known ?? _defined.GetValueOrDefault(item.Kind!);
        if (resource is null)
        {
            return Cannot(item, NotServed(item));
        }

        // 3
        if (item.Target.Namespace is { } ns && await NamespaceProblemAsync(ns, cancellationToken) is { } noNamespace)
        {
            return Cannot(item, noNamespace);
        }

        // 4
        (IReadOnlyList<PlannedOwner> owners, IReadOnlyList<string> notes) =
            await OwnersAsync(item, cancellationToken);
        if (await FreeClaimAsync(item, cancellationToken) is { } free)
        {
            item = item with { Body = free };
            notes = [.. notes, "its volume is not in the cluster, or belongs to another claim: it gets a new one"];
        }

        PlannedObject planned = new()
        {
            Item = item,
            Action = PlannedAction.Create,
            Resource = resource,
            Owners = owners,
            Notes = notes,
        };

        // 5
        string? notYet = known is null ? "its definition is part of this restore"
            : IsPlanned(item.Target.Namespace) ? "its namespace is part of this restore"
            : null;
        JsonObject? live = notYet is null
            ? await target.FindAsync(resource, item.Target.Namespace, item.Target.Name, cancellationToken)
            : null;
        if (live is not null)
        {
            _uids[item.Target] = ObjectFields.Uid(live);
            return await DecideExistingAsync(planned, live, cancellationToken);
        }

        // 6
        if (notYet is null)
        {
            return await CheckAsync(planned, WriteMethod.Create, item.Body!, cancellationToken);
        }

        return await MissingRightAsync(resource, item.Target.Namespace, cancellationToken) is { } right
            ? Cannot(item, $"the right to {right} is missing") with { MissingRight = right }
            : planned with { NotChecked = notYet };
    }

    /// <summary>Returns the right to create objects if it is missing. Only a write that cannot be checked yet needs the
    /// question.</summary>
    private async Task<string?> MissingRightAsync(
        ServedResource resource, string? ns, CancellationToken cancellationToken)
    {
        string right = TargetRefusedException.RightOf("create", resource, ns);
        if (!_rights.TryGetValue(right, out bool isGranted))
        {
            isGranted = served.Find(ReviewKind) is null
                || await target.MayAsync("create", resource, ns, cancellationToken) != false;
            _rights.Add(right, isGranted);
        }

        return isGranted ? null : right;
    }

    private async Task<PlannedObject> DecideExistingAsync(
        PlannedObject planned, JsonObject live, CancellationToken cancellationToken)
    {
        RestoreItem item = planned.Item;
        if (ObjectFields.IsBeingDeleted(live))
        {
            return Cannot(item, "the existing one is being deleted");
        }

        JsonObject existing = ApplicableObject.Of(item.Kind!, live);
        if (JsonNode.DeepEquals(existing, item.Body))
        {
            return Skip(item, "it exists, and is equal");
        }

        // What is only needed by others is not changed: it was not selected.
        if (item.RelatedTo is not null || request.Existing == ExistingPolicy.Skip)
        {
            return Skip(item, "it exists, and differs");
        }

        if (request.Existing == ExistingPolicy.Fail)
        {
            return Cannot(item, "it exists, and differs");
        }

        bool isUpdate = request.Existing == ExistingPolicy.Update;
        planned = planned with
        {
            Action = isUpdate ? PlannedAction.Update : PlannedAction.Replace,
            ResourceVersion = isUpdate ? "" : live.Inner("metadata")?.Text("resourceVersion") ?? "",
        };
        return await CheckAsync(
            planned, isUpdate ? WriteMethod.Apply : WriteMethod.Replace, existing, cancellationToken);
    }

    /// <summary>Lets the cluster check a write, and finds what it would change.</summary>
    private async Task<PlannedObject> CheckAsync(
        PlannedObject planned, WriteMethod method, JsonObject existing, CancellationToken cancellationToken)
    {
        RestoreItem item = planned.Item;
        try
        {
            JsonObject written = await target.WriteAsync(
                planned.WriteOf(method, _uids.GetValueOrDefault), isDryRun: true, cancellationToken);
            if (method == WriteMethod.Create)
            {
                return planned;
            }

            IReadOnlyList<FieldChange> changes =
                FieldChange.Between(item.Kind!, existing, ApplicableObject.Of(item.Kind!, written));
            return changes.Count == 0
                ? Skip(item, "it exists, and has these values")
                : planned with { Changes = changes };
        }
        catch (TargetRefusedException e) when (IsTriedLater(e))
        {
            return planned with { NotChecked = e.Message };
        }
        catch (TargetRefusedException e)
        {
            return Cannot(item, e.Message) with { MissingRight = e.MissingRight };
        }
    }

    /// <summary>
    /// Whether the write itself may succeed: a webhook has no dry run, or does not run before this restore; or an
    /// admission plugin misses an object that this restore creates.
    /// </summary>
    private static bool IsTriedLater(TargetRefusedException e) =>
        e.Refusal is TargetRefusal.Failed or TargetRefusal.NotServed or TargetRefusal.Missing
        || (e.Refusal == TargetRefusal.NotAdmitted
            && (e.Message.Contains("not found", StringComparison.Ordinal)
                || e.Message.Contains("does not support dry run", StringComparison.Ordinal)));

    private string NotServed(RestoreItem item)
    {
        GroupVersionKind kind = item.Kind!;
        string[] versions = [.. served.VersionsOf(item.Source.Resource).Select(resource => resource.ApiVersion)];
        UnlistedVersion? unlisted = served.Unlisted.FirstOrDefault(version => version.ApiVersion == kind.ApiVersion);
        return unlisted is not null ? $"the cluster cannot list {kind.ApiVersion}: {unlisted.Reason}"
            : versions.Length > 0
            ? $"it is {kind.ApiVersion}, and the cluster serves {kind.Kind} only in {string.Join(", ", versions)}"
            : $"the cluster does not serve {kind.Kind} of {kind.ApiVersion}";
    }

    private bool IsPlanned(string? ns) =>
        ns is not null && _planned.TryGetValue(NamespacePlace(ns), out PlannedObject? planned) && planned.IsWrite
        && planned.Action == PlannedAction.Create;

    private async Task<string?> NamespaceProblemAsync(string ns, CancellationToken cancellationToken)
    {
        if (_planned.TryGetValue(NamespacePlace(ns), out PlannedObject? planned))
        {
            return planned.Action == PlannedAction.Cannot ? $"namespace {ns} cannot be restored" : null;
        }

        if (!_namespaceProblems.TryGetValue(ns, out string? problem))
        {
            JsonObject? live = served.Find(NamespaceKind) is { } namespaces
                ? await target.FindAsync(namespaces, ns: null, ns, cancellationToken)
                : null;
            problem = live is null
                ? $"namespace {ns} does not exist: --with-related restores it too, if the snapshot has it"
                : ObjectFields.IsBeingDeleted(live) ? $"namespace {ns} is being deleted" : null;
            _namespaceProblems.Add(ns, problem);
        }

        return problem;
    }

    private async Task<(IReadOnlyList<PlannedOwner> Owners, IReadOnlyList<string> Notes)> OwnersAsync(
        RestoreItem item, CancellationToken cancellationToken)
    {
        List<PlannedOwner> owners = [];
        List<string> notes = [];
        foreach (JsonObject owner in item.Owners)
        {
            PlannedOwner? kept = await OwnerAsync(item, owner, cancellationToken);
            if (kept is null)
            {
                notes.Add(
                    $"its owner {owner.Text("kind")} {owner.Text("name")} is not in the cluster: the reference is "
                    + "dropped");
            }
            else
            {
                owners.Add(kept);
            }
        }

        return (owners, notes);
    }

    private async Task<PlannedOwner?> OwnerAsync(
        RestoreItem item, JsonObject owner, CancellationToken cancellationToken)
    {
        GroupVersionKind kind = new(owner.Text("apiVersion") ?? "", owner.Text("kind")!);
        ServedResource? known = served.Find(kind);
        if ((known ?? _defined.GetValueOrDefault(kind)) is not { } resource)
        {
            return null;
        }

        StorageKey place = new(
            resource.Name, resource.IsNamespaced ? item.Target.Namespace : null, owner.Text("name")!);
        if (_planned.TryGetValue(place, out PlannedObject? planned) && planned.IsWrite)
        {
            return new PlannedOwner(owner, place);
        }

        if (known is null || IsPlanned(place.Namespace))
        {
            return null;
        }

        if (!_uids.TryGetValue(place, out string? uid))
        {
            JsonObject? live = await target.FindAsync(resource, place.Namespace, place.Name, cancellationToken);
            uid = live is null || ObjectFields.IsBeingDeleted(live) ? "" : ObjectFields.Uid(live);
            _uids.Add(place, uid);
        }

        return uid.Length == 0 ? null : new PlannedOwner(new PlannedOwner(owner, null).With(uid), Restored: null);
    }

    /// <summary>Returns a claim without its volume, if the cluster does not have the volume for it; otherwise null.
    /// With the name of such a volume it would wait for it for ever.</summary>
    private async Task<JsonObject?> FreeClaimAsync(RestoreItem item, CancellationToken cancellationToken)
    {
        if (item.Kind != ClaimKind || item.Body!.Inner("spec")?.Text("volumeName") is not { Length: > 0 } name
            || served.Find(VolumeKind) is not { } volumes)
        {
            return null;
        }

        JsonObject? volume =
            _planned.TryGetValue(new StorageKey(volumes.Name, null, name), out PlannedObject? planned)
            && planned.IsWrite
                ? planned.Item.Body
                : await target.FindAsync(volumes, ns: null, name, cancellationToken);
        JsonObject? claim = volume?.Inner("spec", "claimRef");
        if (volume is not null
            && (claim is null
                || (claim.Text("name") == item.Target.Name && claim.Text("namespace") == item.Target.Namespace)))
        {
            return null;
        }

        JsonObject free = (JsonObject)item.Body!.DeepClone();
        free.Inner("spec")!.Remove("volumeName");
        return free;
    }

    /// <summary>Notes what a definition will serve once it is written.</summary>
    private void Define(JsonObject body)
    {
        if (CustomResourceDefinition.Read(body) is not { } definition)
        {
            return;
        }

        foreach (CustomResourceVersion version in definition.Versions.Where(version => version.IsServed))
        {
            ServedResource resource = new()
            {
                Name = definition.Name,
                Version = version.Name,
                Kind = definition.Kind,
                IsNamespaced = definition.IsNamespaced,
            };
            _defined[new GroupVersionKind(resource.ApiVersion, resource.Kind)] = resource;
        }
    }

    private static StorageKey NamespacePlace(string ns) => new(new GroupResource("", "namespaces"), null, ns);

    private static PlannedObject Skip(RestoreItem item, string reason) =>
        new() { Item = item, Action = PlannedAction.Skip, Reason = reason };

    private static PlannedObject Cannot(RestoreItem item, string reason) =>
        new() { Item = item, Action = PlannedAction.Cannot, Reason = reason };
}
