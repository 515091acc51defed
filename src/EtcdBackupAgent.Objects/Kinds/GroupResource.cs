namespace EtcdBackupAgent.Objects.Kinds;

/// <summary>A resource, without a version: <c>deployments.apps</c>.</summary>
/// <param name="Group">The group; empty for the core group.</param>
/// <param name="Resource">The plural in lower case.</param>
public sealed record GroupResource(string Group, string Resource)
{
    /// <inheritdoc/>
    public override string ToString() => Group.Length == 0 ? Resource : $"{Resource}.{Group}";
}
