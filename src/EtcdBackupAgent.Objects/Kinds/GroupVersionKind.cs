namespace EtcdBackupAgent.Objects.Kinds;

/// <summary>The version and the kind of an object: <c>apps/v1</c>, <c>Deployment</c>.</summary>
/// <param name="ApiVersion">The group and the version, or the version alone in the core group.</param>
/// <param name="Kind">The kind, such as <c>Deployment</c>.</param>
public sealed record GroupVersionKind(string ApiVersion, string Kind)
{
    /// <summary>The group; empty for the core group.</summary>
    public string Group => ApiVersion.LastIndexOf('/') is > 0 and int slash ? ApiVersion[..slash] : "";

    /// <summary>The version within the group, such as <c>v1beta1</c>.</summary>
    public string Version => ApiVersion[(ApiVersion.LastIndexOf('/') + 1)..];

    /// <inheritdoc/>
    public override string ToString() => $"{ApiVersion} {Kind}";
}
