namespace EtcdBackupAgent.Core.Policies;

/// <summary>
/// A field of an object of the cluster. When it changes, an upgrade has begun, and a policy makes a backup of the state
/// before.
/// </summary>
public sealed record WatchedField
{
    /// <summary>Group and version of the object, such as <c>k0rdent.mirantis.com/v1beta1</c>, or <c>v1</c>.</summary>
    public required string ApiVersion { get; init; }

    /// <summary>The kind of the object.</summary>
    public required string Kind { get; init; }

    /// <summary>The name of the object.</summary>
    public required string Name { get; init; }

    /// <summary>
    /// The namespace of the object; null for that of the policy, or if the kind has no namespaces.
    /// </summary>
    public string? Namespace { get; init; }

    /// <summary>The path to the field, in Kubernetes' dialect of JSONPath.</summary>
    public required string Field { get; init; }

    /// <summary>The path in the YAML that the field contains; null if the field itself is the value.</summary>
    public string? Inner { get; init; }

    /// <summary>The field in the words of messages: <c>Management kcm .spec.release</c>.</summary>
    public override string ToString() => $"{Kind} {Name} {Field}{Inner}";
}
