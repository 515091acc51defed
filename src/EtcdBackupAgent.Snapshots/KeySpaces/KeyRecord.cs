namespace EtcdBackupAgent.Snapshots.KeySpaces;

/// <summary>One change of a key: a put or a deletion.</summary>
public sealed record KeyRecord
{
    /// <summary>The key.</summary>
    public required ReadOnlyMemory<byte> Key { get; init; }

    /// <summary>The revision of the transaction.</summary>
    public required long Revision { get; init; }

    /// <summary>The number of the change in its transaction, from 0.</summary>
    public required long Sub { get; init; }

    /// <summary>Whether the key was deleted.</summary>
    public required bool IsDeletion { get; init; }

    /// <summary>The value; empty for a deletion.</summary>
    public required ReadOnlyMemory<byte> Value { get; init; }

    /// <summary>The revision at which the key was created; 0 for a deletion.</summary>
    public required long CreateRevision { get; init; }

    /// <summary>The number of puts since the key was created, including this one; 0 for a deletion.</summary>
    public required long Version { get; init; }
}
