namespace EtcdBackupAgent.Snapshots.KeySpaces;

/// <summary>A key that exists. Only the reader that found it can read its value.</summary>
/// <param name="key">The key.</param>
public abstract class FoundKey(ReadOnlyMemory<byte> key)
{
    /// <summary>The key.</summary>
    public ReadOnlyMemory<byte> Key { get; } = key;

    /// <summary>The main revision of the last change.</summary>
    public abstract long ModRevision { get; }

    /// <summary>The size of the value is at most this.</summary>
    public abstract int ValueBytesMax { get; }

    /// <summary>
    /// A digest of the value, with another seed in every process; null if there is none. Two keys with equal digests
    /// have equal values.
    /// </summary>
    public UInt128? ValueDigest { get; internal set; }
}

/// <summary>A value, with what etcd knows about it.</summary>
/// <param name="Value">The bytes.</param>
/// <param name="ModRevision">The revision of the last change.</param>
/// <param name="CreateRevision">The revision at which the key was created; 0 if it is not known.</param>
/// <param name="Lease">The ID of the lease; 0 for none.</param>
public sealed record FoundValue(ReadOnlyMemory<byte> Value, long ModRevision, long CreateRevision, long Lease);

/// <summary>Selects keys.</summary>
public delegate bool KeyFilter(ReadOnlySpan<byte> key);
