namespace EtcdBackupAgent.Testing.KubernetesApi.Pods;

/// <summary>
/// The nodes that a pod may run on: required labels, node names, and tolerated taints. Preferences are read but have no
/// effect here.
/// </summary>
/// <param name="Terms">A node must match one of them. Without terms, every node matches.</param>
/// <param name="Selected">Labels that the node must also have.</param>
/// <param name="Tolerated">Keys of taints; null means all taints.</param>
internal sealed record NodeDemand(
    IReadOnlyList<NodeTerm> Terms, IReadOnlyDictionary<string, string> Selected, IReadOnlyList<string?> Tolerated)
{
    private const string HostName = "kubernetes.io/hostname";

    public static readonly NodeDemand None = new([], new Dictionary<string, string>(StringComparer.Ordinal), []);

    public bool Admits(ClusterNode node) =>
        (Terms.Count == 0 || Terms.Any(term => term.Admits(node)))
        && Selected.All(label => label.Key == HostName ? label.Value == node.Name : node.Labels.Contains(label.Key))
        && node.Taints.All(taint => Tolerated.Contains(null) || Tolerated.Contains(taint));

    public static NodeDemand Read(TemplateFields pod)
    {
        List<NodeTerm> terms = [];
        if (pod.Part("affinity") is { } affinity)
        {
            TemplateFields node = affinity.Part("nodeAffinity") ?? throw affinity.Invalid("nodeAffinity", "is missing");
            if (node.Part("requiredDuringSchedulingIgnoredDuringExecution") is { } required)
            {
                terms.AddRange(required.Parts("nodeSelectorTerms").Select(NodeTerm.Read));
                required.RequireAllRead();
            }

            foreach (TemplateFields preferred in node.Parts("preferredDuringSchedulingIgnoredDuringExecution"))
            {
                _ = preferred.Number("weight");
                _ = NodeTerm.Read(preferred.Part("preference") ?? throw preferred.Invalid("preference", "is missing"));
                preferred.RequireAllRead();
            }

            node.RequireAllRead();
            affinity.RequireAllRead();
        }

        List<string?> tolerated = [];
        foreach (TemplateFields toleration in pod.Parts("tolerations"))
        {
            toleration.Only("operator", "Exists");
            toleration.Only("effect", null, "NoSchedule");
            tolerated.Add(toleration.Text("key"));
            toleration.RequireAllRead();
        }

        return new NodeDemand(terms, pod.Map("nodeSelector"), tolerated);
    }
}

/// <summary>One term of an affinity.</summary>
/// <param name="Present">Keys of labels that must exist.</param>
/// <param name="Absent">Keys of labels that must not exist.</param>
/// <param name="Names">Names of nodes; null for all nodes.</param>
internal sealed record NodeTerm(
    IReadOnlyList<string> Present, IReadOnlyList<string> Absent, IReadOnlyList<string>? Names)
{
    public bool Admits(ClusterNode node) =>
        Present.All(node.Labels.Contains) && !Absent.Any(node.Labels.Contains) && Names?.Contains(node.Name) != false;

    public static NodeTerm Read(TemplateFields term)
    {
        ILookup<bool, string> labels = term.Parts("matchExpressions").Select(ReadLabel).ToLookup(
            label => label.IsPresent, label => label.Key);
        List<string>? names = null;
        foreach (TemplateFields field in term.Parts("matchFields"))
        {
            field.Only("key", "metadata.name");
            field.Only("operator", "In");
            names = [.. field.Texts("values")];
            field.RequireAllRead();
        }

        term.RequireAllRead();
        return new NodeTerm([.. labels[true]], [.. labels[false]], names);
    }

    private static (string Key, bool IsPresent) ReadLabel(TemplateFields expression)
    {
        expression.Only("operator", "Exists", "DoesNotExist");
        (string Key, bool) label = (expression.Required("key"), expression.Text("operator") == "Exists");
        expression.RequireAllRead();
        return label;
    }
}
