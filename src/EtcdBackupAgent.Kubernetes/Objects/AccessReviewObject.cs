using System.Text.Json.Nodes;

namespace EtcdBackupAgent.Kubernetes.Objects;

/// <summary>The question whether the identity of a request has a right, and the answer.</summary>
internal static class AccessReviewObject
{
    public static JsonObject New(string verb, ResourceKind kind, string? ns)
    {
        JsonObject attributes = new() { ["verb"] = verb, ["group"] = kind.Group, ["resource"] = kind.Plural };
        if (ns is not null)
        {
            attributes.Add("namespace", ns);
        }

        return new JsonObject
        {
            ["apiVersion"] = ClusterKinds.SelfSubjectAccessReview.ApiVersion,
            ["kind"] = ClusterKinds.SelfSubjectAccessReview.Kind,
            ["spec"] = new JsonObject { ["resourceAttributes"] = attributes },
        };
    }

    /// <summary>Whether the identity has the right; null if that is not known.</summary>
    public static bool? IsAllowed(JsonObject review) => ObjectFields.Flag(review, "status", "allowed");
}
