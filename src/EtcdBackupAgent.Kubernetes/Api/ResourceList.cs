using System.Text.Json.Nodes;

namespace EtcdBackupAgent.Kubernetes.Api;

/// <summary>All objects of a kind at one moment, which the resource version identifies. The items contain no
/// kind.</summary>
internal sealed record ResourceList(string ResourceVersion, IReadOnlyList<JsonObject> Items);

/// <summary>Selects objects of a kind by labels and fields, in kubectl's form (<c>a=b,c!=d</c>).</summary>
internal sealed record ResourceSelection(string? Labels = null, string? Fields = null)
{
    public static readonly ResourceSelection All = new();

    /// <summary>The selection as parameters of a URL, each followed by an ampersand.</summary>
    public string Query =>
        (Labels is null ? "" : $"labelSelector={Uri.EscapeDataString(Labels)}&")
        + (Fields is null ? "" : $"fieldSelector={Uri.EscapeDataString(Fields)}&");
}

/// <summary>The conditions under which an object is deleted; a null value sets no condition.</summary>
/// <param name="Uid">The object's uid.</param>
/// <param name="ResourceVersion">The object's version.</param>
/// <param name="IsInBackground">Whether the objects that it owns are deleted after it. The server's default for a Job
/// leaves its pods as orphans.</param>
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
