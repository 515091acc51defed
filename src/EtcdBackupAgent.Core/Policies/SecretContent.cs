namespace EtcdBackupAgent.Core.Policies;

/// <summary>
/// The keys and bytes of a Secret. <see cref="ToString"/> returns its name and the names of its keys, never its bytes.
/// </summary>
public sealed class SecretContent(ResourceName name, IReadOnlyDictionary<string, byte[]> data)
{
    public ResourceName Name { get; } = name;

    public IReadOnlyDictionary<string, byte[]> Data { get; } = data;

    public override string ToString() => $"Secret {Name} ({string.Join(", ", Data.Keys)})";
}
