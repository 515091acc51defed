using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Resources.Yaml;

namespace EtcdBackupAgent.Resources.Binding;

/// <summary>
/// Makes typed resources from parsed documents of any source, and reports all problems of all documents at once.
/// </summary>
/// <remarks>
/// 1. Identify the documents by kind and name; expand lists.
/// 2. Refuse duplicate names: it cannot be known which document is meant.
/// 3. Read the spec of each by its kind.
/// 4. Check their references (<see cref="References"/>). A document that refers to an invalid one is left out, too.
/// </remarks>
internal sealed class ResourceBinder(List<ResourceProblem> problems)
{
    /// <summary>The Secrets that may exist but could not be read, with the reason.</summary>
    public IReadOnlyDictionary<ResourceName, string> Unreadable { get; init; } = new Dictionary<ResourceName, string>();

    /// <summary>Whether a location is valid although its Secret has no passphrase. This is so if only parts of the
    /// Secrets are given, as in the pod of a backup, which encrypts to public recipients only.</summary>
    public bool IsPassphraseOptional { get; init; }

    public ResourceSet Bind(IEnumerable<ResourceNode> documents)
    {
        // 1
        List<DocumentIdentity> identified = [.. documents.SelectMany(Identify)];

        // 2
        HashSet<DocumentIdentity> duplicates = [];
        foreach (DocumentIdentity[] group in identified.GroupBy(d => (d.Kind, d.Name)).Select(g => g.ToArray()))
        {
            foreach (DocumentIdentity later in group.Skip(1))
            {
                duplicates.UnionWith(group);
                later.Problems.Error(later.Where, "", $"is a duplicate; first: {group[0].Where}");
            }
        }

        // 3
        References references = new(identified.Select(d => (d.Kind, d.Name)), Unreadable, IsPassphraseOptional);
        foreach (DocumentIdentity document in identified.Where(d => !duplicates.Contains(d)))
        {
            Read(document, references);
        }

        // 4
        return references.Check(problems);
    }

    private static void Read(DocumentIdentity document, References references)
    {
        document.Root.Ignore("status");
        switch (document.Kind)
        {
            case DocumentIdentity.Secret when SecretBinding.Bind(document.Name, document.Root) is { } secret:
                references.Add(secret);
                break;
            case DocumentIdentity.BackupLocation when Spec(document) is { } spec:
                references.Add(LocationBinding.Bind(document.Name, spec), spec);
                break;
            case DocumentIdentity.Policy when Spec(document) is { } spec:
                string? uid = document.Root.Mapping("metadata")?.Text("uid");
                references.Add(PolicyBinding.Bind(document.Name, spec) with { Uid = uid }, spec);
                break;
        }
    }

    private static FieldReader? Spec(DocumentIdentity document)
    {
        FieldReader? spec = document.Root.Mapping("spec");
        if (spec is null && !document.Problems.HasErrors)
        {
            document.Root.Error("spec", "is missing; it is required");
        }

        document.Root.WarnAboutUnknown();
        return spec;
    }

    private IEnumerable<DocumentIdentity> Identify(ResourceNode node)
    {
        ResourceProblems own = new(problems, "document");
        if (node is not MappingNode mapping)
        {
            own.Error(
                node.Where,
                "",
                $"is {node.TypeName}, but must be a mapping with apiVersion, kind, metadata and spec");
            return [];
        }

        DocumentIdentity? document = DocumentIdentity.Of(mapping, own);
        return document switch
        {
            null => [],
            { Kind: DocumentIdentity.List } list => list.Root.Items("items").SelectMany(Identify),
            _ => [document],
        };
    }
}
