namespace EtcdBackupAgent.Resources.Yaml;

/// <summary>
/// A parsed document: what YAML and JSON have in common, with the place of each part. The binder reads nothing else, so
/// that a directory of YAML and a Kubernetes API share it.
/// </summary>
/// <param name="Where">For messages: <c>policy.yaml:12</c>, or the name of the object in a cluster.</param>
/// <param name="Size">How many nodes it is, itself and aliases expanded included.</param>
internal abstract record ResourceNode(string Where, int Size)
{
    /// <summary>What it is, for messages; never its value.</summary>
    public abstract string Sort { get; }
}

internal sealed record MappingNode(string Where, int Size, IReadOnlyDictionary<string, ResourceNode> Fields)
    : ResourceNode(Where, Size)
{
    public override string Sort => "a mapping";
}

internal sealed record SequenceNode(string Where, int Size, IReadOnlyList<ResourceNode> Items) : ResourceNode(Where, Size)
{
    public override string Sort => "a list";
}

internal sealed record ScalarNode(string Where, string Text, ScalarType Type) : ResourceNode(Where, 1)
{
    public bool IsNull => Type == ScalarType.Null;

    public override string Sort => Type switch
    {
        ScalarType.Null => "empty",
        ScalarType.Boolean => "true or false",
        ScalarType.Number => "a number",
        _ => "a text",
    };
}

/// <summary>JSON's four; a plain scalar in YAML is what YAML 1.2's core schema makes of it.</summary>
internal enum ScalarType
{
    Null,
    Boolean,
    Number,
    Text,
}
