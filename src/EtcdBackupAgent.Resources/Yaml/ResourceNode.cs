namespace EtcdBackupAgent.Resources.Yaml;

/// <summary>
/// A node of a parsed document: what YAML and JSON have in common, with the position of each part. The binder reads
/// only these nodes, so that a directory of YAML files and a Kubernetes API share it.
/// </summary>
/// <param name="Where">The position for messages: <c>policy.yaml:12</c>, or the name of the object in a
/// cluster.</param>
/// <param name="Size">The number of nodes, including itself and the expanded aliases.</param>
internal abstract record ResourceNode(string Where, int Size)
{
    /// <summary>The type of the node, for messages; never its value.</summary>
    public abstract string TypeName { get; }
}

internal sealed record MappingNode(string Where, int Size, IReadOnlyDictionary<string, ResourceNode> Fields)
    : ResourceNode(Where, Size)
{
    public override string TypeName => "a mapping";
}

internal sealed record SequenceNode(string Where, int Size, IReadOnlyList<ResourceNode> Items)
    : ResourceNode(Where, Size)
{
    public override string TypeName => "a list";
}

internal sealed record ScalarNode(string Where, string Text, ScalarType Type) : ResourceNode(Where, 1)
{
    public bool IsNull => Type == ScalarType.Null;

    public override string TypeName => Type switch
    {
        ScalarType.Null => "empty",
        ScalarType.Boolean => "true or false",
        ScalarType.Number => "a number",
        _ => "a text",
    };
}

/// <summary>The four scalar types of JSON. A plain scalar in YAML has the type that YAML 1.2's core schema gives
/// it.</summary>
internal enum ScalarType
{
    Null,
    Boolean,
    Number,
    Text,
}
