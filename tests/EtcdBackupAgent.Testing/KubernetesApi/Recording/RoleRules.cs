using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace EtcdBackupAgent.Testing.KubernetesApi.Recording;

/// <summary>One verb on one resource that a role grants to a service account.</summary>
/// <param name="User">The service account.</param>
/// <param name="Verb">The verb.</param>
/// <param name="Group">Empty for the core group.</param>
/// <param name="Resource">With its subresource.</param>
/// <param name="Names">The names of the objects; null for all objects.</param>
/// <param name="IsClusterWide">Whether a ClusterRole grants it.</param>
public sealed record Grant(
    string User, string Verb, string Group, string Resource, IReadOnlyList<string>? Names, bool IsClusterWide)
{
    /// <summary>The namespace of the binding; null for that of the agent.</summary>
    public string? Namespace { get; init; }

    /// <summary>Whether a request is granted.</summary>
    /// <param name="request">The request.</param>
    /// <param name="ns">The namespace of the agent.</param>
    public bool Covers(ApiRequest request, string ns) =>
        request.User == User && request.Verb == Verb
        && (Group == "*" || request.Group == Group) && (Resource == "*" || request.Resource == Resource)
        && (IsClusterWide || request.Namespace == (Namespace ?? ns))
        && (Names is null || Names.Contains(request.Name, StringComparer.Ordinal));

    public override string ToString() => $"{User}: {Verb} {(Group.Length == 0 ? Resource : $"{Resource}.{Group}")}";
}

/// <summary>Reads the grants of the shipped roles and bindings with kubectl.</summary>
public static class RoleRules
{
    /// <summary>Reads manifests of roles and bindings.</summary>
    /// <exception cref="InvalidOperationException">
    /// A rule has a wildcard for more than reading, or a binding names a missing role.
    /// </exception>
    public static async Task<IReadOnlyList<Grant>> ReadAsync(KubernetesApiServer server, IEnumerable<string> files)
    {
        // kubectl parses the YAML. With --local it does not contact the server, which need not serve the kinds.
        string documents = (
            await server.TryKubectlAsync([
                "annotate",
                "--local",
                "-o",
                "json",
                "read=yes",
                .. files.SelectMany(file => new[] { "-f", file }),
            ])).Output;
        List<JsonObject> items = Parse(documents);
        List<Grant> grants = [];
        foreach (
            JsonObject binding in items.Where(item =>
                ((string)item["kind"]!).EndsWith("Binding", StringComparison.Ordinal)))
        {
            string kind = (string)binding["roleRef"]!["kind"]!;
            string name = (string)binding["roleRef"]!["name"]!;
            JsonObject role = items.Find(item =>
                (string)item["kind"]! == kind && (string)item["metadata"]!["name"]! == name
                && (string?)item["metadata"]!["namespace"] is var ns
                && (ns is null || ns == (string?)binding["metadata"]!["namespace"]))
                ?? throw new InvalidOperationException($"The {kind} '{name}' does not exist.");
            foreach (JsonNode? subject in (JsonArray)binding["subjects"]!)
            {
                grants.AddRange(
                    Of(role, (string)subject!["name"]!, kind == "ClusterRole")
                        .Select(grant => grant with { Namespace = (string?)binding["metadata"]!["namespace"] }));
            }
        }

        return grants;
    }

    private static IEnumerable<Grant> Of(JsonObject role, string user, bool isClusterWide) =>
        from rule in ((JsonArray)role["rules"]!).OfType<JsonObject>()
        let names = rule["resourceNames"] is JsonArray some ? Texts(some) : null
        from verb in Texts((JsonArray)rule["verbs"]!)
        from apiGroup in Texts((JsonArray)rule["apiGroups"]!)
        from resource in Texts((JsonArray)rule["resources"]!)
        let isOfAll = apiGroup == "*" || resource == "*"
        select verb == "*" || (isOfAll && verb is not ("get" or "list"))
            ? throw new InvalidOperationException($"A rule of {user} has a wildcard for {verb}.")
            : new Grant(user, verb, apiGroup, resource, names, isClusterWide);

    private static string[] Texts(JsonArray array) => [.. array.Select(text => (string)text!)];

    /// <summary>Parses consecutive JSON documents, the form in which kubectl prints several objects.</summary>
    private static List<JsonObject> Parse(string documents)
    {
        Utf8JsonReader reader = new(
            Encoding.UTF8.GetBytes(documents), new JsonReaderOptions { AllowMultipleValues = true });
        List<JsonObject> items = [];
        while (reader.Read())
        {
            items.Add((JsonObject)JsonNode.Parse(ref reader)!);
        }

        return items;
    }
}
