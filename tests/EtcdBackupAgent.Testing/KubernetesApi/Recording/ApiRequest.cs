using Microsoft.AspNetCore.Http;

namespace EtcdBackupAgent.Testing.KubernetesApi.Recording;

/// <summary>A request to an API server, in the terms of a role.</summary>
/// <param name="User">The service account; empty for another user.</param>
/// <param name="Verb">get, list, watch, create, update, patch, delete or deletecollection.</param>
/// <param name="Group">Empty for the core group.</param>
/// <param name="Resource">With its subresource, such as <c>pods/status</c>.</param>
/// <param name="Namespace">Empty for an object without a namespace.</param>
/// <param name="Name">Empty for a request without an object name.</param>
public sealed record ApiRequest(
    string User, string Verb, string Group, string Resource, string Namespace, string Name)
{
    /// <summary>Whether the server only checks a write.</summary>
    public bool IsDryRun { get; init; }

    /// <summary>Parses the method and the path of a request. Source: "Determine the request verb" in Kubernetes'
    /// documentation of authorization. A list or a watch of the object with one name is authorized for that
    /// name.</summary>
    /// <returns>Null for a request without a resource, such as <c>/readyz</c> or <c>/apis</c>.</returns>
    public static ApiRequest? Of(string user, string method, PathString path, IQueryCollection query)
    {
        string[] parts = path.Value!.Split('/', StringSplitOptions.RemoveEmptyEntries);
        (string group, int at) = parts switch
        {
            ["api", _, _, ..] => ("", 2),
            ["apis", string named, _, _, ..] => (named, 3),
            _ => ("", parts.Length),
        };
        if (at >= parts.Length)
        {
            return null;
        }

        string ns = "";
        if (parts[at] == "namespaces" && parts.Length > at + 2)
        {
            ns = parts[at + 1];
            at += 2;
        }
        else if (parts[at] == "namespaces" && parts.Length > at + 1)
        {
            // A request for a namespace object is authorized in that namespace.
            ns = parts[at + 1];
        }

        string name = parts.ElementAtOrDefault(at + 1) ?? "";
        string resource = parts.ElementAtOrDefault(at + 2) is { } subresource
            ? $"{parts[at]}/{subresource}"
            : parts[at];
        return new ApiRequest(
            user, VerbOf(method, name, query), group, resource, ns, name.Length > 0 ? name : SelectedName(query))
        {
            IsDryRun = query.ContainsKey("dryRun"),
        };
    }

    public override string ToString() =>
        $"{User}: {Verb} {(Group.Length == 0 ? Resource : $"{Resource}.{Group}")} {Namespace}/{Name}";

    private static string SelectedName(IQueryCollection query)
    {
        const string prefix = "metadata.name=";
        string selector = query["fieldSelector"].ToString();
        return selector.StartsWith(prefix, StringComparison.Ordinal)
            && !selector.Contains(',', StringComparison.Ordinal)
                ? selector[prefix.Length..]
                : "";
    }

    private static string VerbOf(string method, string name, IQueryCollection query) => method switch
    {
        "POST" => "create",
        "PUT" => "update",
        "PATCH" => "patch",
        "DELETE" => name.Length == 0 ? "deletecollection" : "delete",
        _ when query["watch"] == "true" || query["watch"] == "1" => "watch",
        _ => name.Length == 0 ? "list" : "get",
    };
}
