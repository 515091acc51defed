namespace EtcdBackupAgent.Testing.KubernetesApi.Pods;

/// <summary>Which nodes a pod may run on: labels that must be there, and taints that it tolerates.</summary>
/// <param name="Terms">One of them must hold; all labels of a term must exist. None: any node.</param>
/// <param name="Tolerated">Keys of taints; null stands for all.</param>
internal sealed record NodeDemand(IReadOnlyList<IReadOnlyList<string>> Terms, IReadOnlyList<string?> Tolerated)
{
    public static readonly NodeDemand None = new([], []);

    public bool Admits(ClusterNode node) =>
        (Terms.Count == 0 || Terms.Any(term => term.All(node.Labels.Contains)))
        && node.Taints.All(taint => Tolerated.Contains(null) || Tolerated.Contains(taint));

    public static NodeDemand Read(TemplateFields pod)
    {
        List<IReadOnlyList<string>> terms = [];
        if (pod.Part("affinity") is { } affinity)
        {
            TemplateFields node = affinity.Part("nodeAffinity") ?? throw affinity.Wrong("nodeAffinity", "is missing");
            TemplateFields required = node.Part("requiredDuringSchedulingIgnoredDuringExecution")
                ?? throw node.Wrong("requiredDuringSchedulingIgnoredDuringExecution", "is missing");
            foreach (TemplateFields term in required.Parts("nodeSelectorTerms"))
            {
                terms.Add([.. term.Parts("matchExpressions").Select(Label)]);
                term.End();
            }

            required.End();
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

        return new NodeDemand(terms, tolerated);
    }

    private static string Label(TemplateFields expression)
    {
        expression.Only("operator", "Exists");
        string key = expression.Required("key");
        expression.End();
        return key;
    }
}
