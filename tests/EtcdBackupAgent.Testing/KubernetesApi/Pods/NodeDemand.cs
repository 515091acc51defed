namespace EtcdBackupAgent.Testing.KubernetesApi.Pods;

/// <summary>Which nodes a pod may run on: labels that must be there, names, and taints that it tolerates. What it only
/// prefers is read and means nothing here.</summary>
/// <param name="Terms">One of them must hold. None: any node.</param>
/// <param name="Selected">Labels that must be there as well.</param>
/// <param name="Tolerated">Keys of taints; null stands for all.</param>
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
            TemplateFields node = affinity.Part("nodeAffinity") ?? throw affinity.Wrong("nodeAffinity", "is missing");
            if (node.Part("requiredDuringSchedulingIgnoredDuringExecution") is { } required)
            {
                terms.AddRange(required.Parts("nodeSelectorTerms").Select(NodeTerm.Read));
                required.End();
            }

            foreach (TemplateFields preferred in node.Parts("preferredDuringSchedulingIgnoredDuringExecution"))
            {
                _ = preferred.Number("weight");
                _ = NodeTerm.Read(preferred.Part("preference") ?? throw preferred.Wrong("preference", "is missing"));
                preferred.End();
            }

            node.End();
            affinity.End();
        }

        List<string?> tolerated = [];
        foreach (TemplateFields toleration in pod.Parts("tolerations"))
        {
            toleration.Only("operator", "Exists");
            toleration.Only("effect", null, "NoSchedule");
            tolerated.Add(toleration.Text("key"));
            toleration.End();
        }

        return new NodeDemand(terms, pod.Map("nodeSelector"), tolerated);
    }
}

/// <summary>One term of an affinity.</summary>
/// <param name="Present">Keys of labels that must be there.</param>
/// <param name="Absent">Keys of labels that must not.</param>
/// <param name="Names">Names of nodes; null for all.</param>
internal sealed record NodeTerm(
    IReadOnlyList<string> Present, IReadOnlyList<string> Absent, IReadOnlyList<string>? Names)
{
    public bool Admits(ClusterNode node) =>
        Present.All(node.Labels.Contains) && !Absent.Any(node.Labels.Contains) && Names?.Contains(node.Name) != false;

    public static NodeTerm Read(TemplateFields term)
    {
        ILookup<bool, string> labels = term.Parts("matchExpressions").Select(Label).ToLookup(
            label => label.IsPresent, label => label.Key);
        List<string>? names = null;
        foreach (TemplateFields field in term.Parts("matchFields"))
        {
            field.Only("key", "metadata.name");
            field.Only("operator", "In");
            names = [.. field.Texts("values")];
            field.End();
        }

        term.End();
        return new NodeTerm([.. labels[true]], [.. labels[false]], names);
    }

    private static (string Key, bool IsPresent) Label(TemplateFields expression)
    {
        expression.Only("operator", "Exists", "DoesNotExist");
        (string Key, bool) label = (expression.Required("key"), expression.Text("operator") == "Exists");
        expression.End();
        return label;
    }
}
