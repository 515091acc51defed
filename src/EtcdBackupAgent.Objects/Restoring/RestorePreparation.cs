using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Objects.Applying;
using EtcdBackupAgent.Objects.CustomResources;
using EtcdBackupAgent.Objects.Json;
using EtcdBackupAgent.Objects.Keys;
using EtcdBackupAgent.Objects.Kinds;
using EtcdBackupAgent.Objects.Modifying;
using EtcdBackupAgent.Objects.Querying;
using EtcdBackupAgent.Objects.Reading;

namespace EtcdBackupAgent.Objects.Restoring;

/// <summary>
/// Makes the selected objects of a snapshot ready for a cluster, without one: the first steps of
/// <see cref="ObjectRestore"/>.
/// </summary>
/// <remarks>
/// 1. Select the objects.
/// 2. Add what they need, if that is wanted, and what that needs.
/// 3. Leave out what a cluster makes itself.
/// 4. Strip what an API server fills in.
/// 5. Map namespaces.
/// 6. Change what the user wants changed.
/// 7. Order.
/// </remarks>
/// <param name="space">The objects of the snapshot, read with managed fields and with the values of Secrets.</param>
/// <param name="request">What is restored.</param>
internal sealed class RestorePreparation(ObjectSpace space, ObjectRestoreRequest request)
{
    private static readonly GroupResource NamespacesName = new("", "namespaces");
    private static readonly GroupResource ServicesName = new("", "services");

    private readonly Dictionary<StorageKey, FoundObject> _found = [];
    private readonly Dictionary<StorageKey, string> _related = [];
    private Dictionary<StorageKey, JsonObject> _services = [];

    public IReadOnlyList<RestoreItem> Execute(CancellationToken cancellationToken)
    {
        // 1
        Select(cancellationToken);
        RequireNamed();

        // 2
        if (request.WithRelated)
        {
            AddRelated(cancellationToken);
        }

        // 3-6
        ReadServices(cancellationToken);
        IEnumerable<RestoreItem> items = _found.Values.Select(Prepare);

        // 7
        return RestoreOrder.Sort(items);
    }

    private void Select(CancellationToken cancellationToken)
    {
        Dictionary<string, JsonObject> namespaces = request.Filter.NeedsNamespaceLabels
            ? Read(place => place.Resource == NamespacesName, cancellationToken)
                .ToDictionary(one => one.Key.Name, one => one.Value, StringComparer.Ordinal)
            : [];
        foreach (FoundObject found in space.Find(
            place => request.Filter.IsSelected(
                place, ns => ObjectFields.LabelsOf(namespaces.GetValueOrDefault(ns))),
            cancellationToken))
        {
            // An object that cannot be read may have the labels: it is not left out silently.
            if (found.Content.Json.IsEmpty || request.Filter.HasLabels(ObjectFields.LabelsOf(Parse(found))))
            {
                _found[found.Place] = found;
            }
        }
    }

    /// <summary>A name that no object has is a mistake, and so is a selection of nothing.</summary>
    private void RequireNamed()
    {
        string[] missing =
        [
            .. request.Filter.Kinds.SelectMany(kind => kind.Names.Exact
                .Where(name => !_found.Keys.Any(
                    place => place.Resource == kind.Resource.Name && place.Name == name))
                .Select(name => $"{kind.Resource.Name}/{name}")),
        ];
        if (missing.Length > 0 || _found.Count == 0)
        {
            throw new BackupException(
                FailureReason.KubernetesObjectMissing,
                missing.Length > 0
                    ? $"{string.Join(", ", missing)} not found among the selected objects."
                    : "The snapshot has no such objects.")
            {
                Hint = "'etcd-backup-agent objects list' shows what the snapshot has.",
            };
        }
    }

    /// <summary>One pass over the snapshot for each step of the way: a deployment, its secret, and so on.</summary>
    private void AddRelated(CancellationToken cancellationToken)
    {
        List<FoundObject> added = [.. _found.Values];
        while (added.Count > 0)
        {
            Dictionary<StorageKey, string> wanted = [];
            foreach (FoundObject item in added.Where(item => !item.Content.Json.IsEmpty))
            {
                JsonObject document = Parse(item);
                if (ReasonToLeaveOut(item.Place, document) is null)
                {
                    foreach (RelatedObject related in RelatedObjects.Of(
                        item.Place, document, item.Content.CustomResourceForm is not null))
                    {
                        wanted.TryAdd(related.Place, related.Reason);
                    }
                }
            }

            added = [.. space.Find(
                place => wanted.ContainsKey(place) && !_found.ContainsKey(place) && !request.Filter.Excludes(place),
                cancellationToken)];
            foreach (FoundObject related in added)
            {
                _found[related.Place] = related;
                _related[related.Place] = wanted[related.Place];
            }
        }
    }

    /// <summary>The services that endpoints belong to.</summary>
    private void ReadServices(CancellationToken cancellationToken)
    {
        HashSet<StorageKey> wanted =
        [
            .. _found.Keys.Where(place => place.Resource == new GroupResource("", "endpoints"))
                .Select(place => place with { Resource = ServicesName }),
        ];
        _services = wanted.Count == 0 ? [] : Read(wanted.Contains, cancellationToken);
    }

    private Dictionary<StorageKey, JsonObject> Read(
        Func<StorageKey, bool> isSelected, CancellationToken cancellationToken) =>
        space.Find(isSelected, cancellationToken)
            .Where(found => !found.Content.Json.IsEmpty)
            .ToDictionary(found => found.Place, Parse);

    private RestoreItem Prepare(FoundObject found)
    {
        RestoreItem item = new()
        {
            Source = found.Place,
            Target = request.Namespaces.Of(found.Place),
            Kind = found.Content.Kind,
            RelatedTo = _related.GetValueOrDefault(found.Place),
            Notes = [.. NotesOf(found.Content)],
        };
        if (ProblemOf(found.Content) is { } problem)
        {
            return item with { Problem = problem };
        }

        // 3
        JsonObject document = Parse(found);
        if (ReasonToLeaveOut(found.Place, document) is { } reason)
        {
            return item with { LeftOut = reason };
        }

        // 4
        JsonObject body = ApplicableObject.Of(found.Content.Kind!, document);

        // 5
        request.Namespaces.Apply(found.Place, body);

        // 6
        try
        {
            body = request.Modifiers?.Apply(
                found.Place.Resource, body, isBuiltIn: found.Content.CustomResourceForm is null) ?? body;
        }
        catch (PatchException e)
        {
            return item with { Problem = e.Message };
        }

        return item with { Body = body, Owners = ObjectFields.Owners(document) };
    }

    private string? ReasonToLeaveOut(StorageKey place, JsonObject document) =>
        request.Filter.Names(place.Resource)
            ? null
            : SelfMadeObjects.ReasonOf(place, document, service => _services.GetValueOrDefault(service));

    private static string? ProblemOf(StoredObject content) =>
        content.Json.IsEmpty ? $"it cannot be read: {content.Problem}"
        : content.Outcome == ReadOutcome.ReadInPart ? "it has fields of a newer Kubernetes, which would be lost"
        : null;

    private static IEnumerable<string> NotesOf(StoredObject content)
    {
        if (content.CustomResourceForm == CustomResourceForm.WithoutDefinition)
        {
            yield return "the snapshot has no definition of its kind";
        }
    }

    private static JsonObject Parse(FoundObject found) => (JsonObject)SortedJson.Parse(found.Content.Json.Span)!;
}
