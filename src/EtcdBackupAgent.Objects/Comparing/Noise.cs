using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Objects.Kinds;

namespace EtcdBackupAgent.Objects.Comparing;

/// <summary>
/// What changes all the time without a user's doing, and is left out of comparisons unless it is included: fields of
/// all objects, and kinds that only components write. The list is in docs/spec/objects.md.
/// </summary>
public sealed class Noise
{
    private const string All = "all";

    /// <summary>The names, each with the fields of the metadata that it stands for.</summary>
    private static readonly OrderedDictionary<string, string[]> MetadataFields = new(StringComparer.Ordinal)
    {
        ["status"] = [],
        ["managed-fields"] = ["managedFields"],
        ["metadata"] = ["creationTimestamp", "generation", "resourceVersion", "selfLink", "uid"],
        ["leases"] = [],
        ["events"] = [],
        ["endpoints"] = [],
    };

    /// <summary>
    /// Annotations that repeat what was applied, on one long line, and that a component writes every few seconds.
    /// </summary>
    private static readonly (string Name, string Annotation)[] Annotations =
    [
        ("metadata", "kubectl.kubernetes.io/last-applied-configuration"),
        ("leases", "control-plane.alpha.kubernetes.io/leader"),
    ];

    private static readonly Dictionary<GroupResource, string> Kinds = new()
    {
        [new("coordination.k8s.io", "leases")] = "leases",
        [new("coordination.k8s.io", "leasecandidates")] = "leases",
        [new("", "events")] = "events",
        [new("events.k8s.io", "events")] = "events",
        [new("", "endpoints")] = "endpoints",
        [new("discovery.k8s.io", "endpointslices")] = "endpoints",
    };

    private readonly HashSet<string> _included;

    private Noise(HashSet<string> included) => _included = included;

    /// <summary>Leaves out everything.</summary>
    public static Noise Standard { get; } = new([]);

    /// <summary>The names of what can be included.</summary>
    public static IEnumerable<string> Names => MetadataFields.Keys.Append(All);

    /// <summary>Whether the metadata that every write changes is compared, so that no write is left out.</summary>
    public bool IncludesMetadata => _included.Contains("metadata");

    /// <summary>Whether the fields of the managers are compared.</summary>
    public bool IncludesManagedFields => _included.Contains("managed-fields");

    /// <summary>Reads what a user wants to be included.</summary>
    /// <param name="option">The name of the option, for messages.</param>
    /// <param name="words">Names, also several in one word, separated by commas.</param>
    /// <exception cref="BackupException"><see cref="FailureReason.InvalidInput"/>, with the names.</exception>
    public static Noise Parse(string option, IEnumerable<string> words)
    {
        HashSet<string> included = new(StringComparer.Ordinal);
        foreach (string name in words.SelectMany(
            word => word.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)))
        {
            if (name == All)
            {
                included.UnionWith(MetadataFields.Keys);
            }
            else if (!MetadataFields.ContainsKey(name))
            {
                string? near = NearestName.Of(name, Names);
                throw new BackupException(
                    FailureReason.InvalidInput,
                    $"{option} '{name}' is not valid: allowed are {string.Join(", ", Names)}.")
                {
                    Hint = near is null ? null : $"Did you mean {near}?",
                };
            }

            included.Add(name);
        }

        return new Noise(included);
    }

    /// <summary>Whether objects of a resource are left out, unless they are named.</summary>
    public bool IsLeftOut(GroupResource resource) =>
        Kinds.TryGetValue(resource, out string? name) && !_included.Contains(name);

    /// <summary>Removes the fields that are left out from an object.</summary>
    public void RemoveFrom(JsonObject document)
    {
        if (!_included.Contains("status"))
        {
            document.Remove("status");
        }

        if (document["metadata"] is not JsonObject metadata)
        {
            return;
        }

        foreach ((string name, string[] fields) in MetadataFields)
        {
            foreach (string field in _included.Contains(name) ? [] : fields)
            {
                metadata.Remove(field);
            }
        }

        if (metadata["annotations"] is not JsonObject { Count: > 0 } annotations)
        {
            return;
        }

        foreach ((string name, string annotation) in Annotations)
        {
            if (!_included.Contains(name))
            {
                annotations.Remove(annotation);
            }
        }

        if (annotations.Count == 0)
        {
            metadata.Remove("annotations");
        }
    }
}
