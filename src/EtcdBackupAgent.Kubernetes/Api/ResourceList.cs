using System.Text.Json.Nodes;

namespace EtcdBackupAgent.Kubernetes.Api;

/// <summary>All objects of a kind at one moment, which the resource version names. Items carry no kind of their
/// own.</summary>
internal sealed record ResourceList(string ResourceVersion, IReadOnlyList<JsonObject> Items);

/// <summary>Which objects of a kind are meant: by labels and fields, in kubectl's form (<c>a=b,c!=d</c>).</summary>
internal sealed record ResourceSelection(string? Labels = null, string? Fields = null)
{
    public static readonly ResourceSelection All = new();

    /// <summary>As parameters of a URL, each followed by an ampersand.</summary>
    public string Query =>
        (Labels is null ? "" : $"labelSelector={Uri.EscapeDataString(Labels)}&")
        + (Fields is null ? "" : $"fieldSelector={Uri.EscapeDataString(Fields)}&");
}

/// <summary>What must be true of an object for it to be deleted; null: anything.</summary>
/// <param name="Uid">The object's uid.</param>
/// <param name="ResourceVersion">The object's version.</param>
/// <param name="IsInBackground">Whether what it owns goes after it. The server's default for a Job leaves its pods as
/// orphans.</param>
internal sealed record DeletePrecondition(
    string? Uid = null, string? ResourceVersion = null, bool IsInBackground = false)
{
    public JsonObject Options()
    {
        JsonObject options = new() { ["apiVersion"] = "v1", ["kind"] = "DeleteOptions" };
        JsonObject conditions = [];
        if (Uid is not null)
        {
            conditions.Add("uid", Uid);
        }

        if (ResourceVersion is not null)
        {
            conditions.Add("resourceVersion", ResourceVersion);
        }

        if (conditions.Count > 0)
        {
            options.Add("preconditions", conditions);
        }

        if (IsInBackground)
        {
            options.Add("propagationPolicy", "Background");
        }

        return options;
    }
}
