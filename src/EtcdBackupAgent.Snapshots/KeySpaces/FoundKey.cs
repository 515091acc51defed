using EtcdBackupAgent.Snapshots.Revisions;

namespace EtcdBackupAgent.Snapshots.KeySpaces;

/// <summary>A key that exists, and where its newest record is.</summary>
public sealed class FoundKey
{
    internal FoundKey(byte[] key) => Key = key;

    /// <summary>The key.</summary>
    public ReadOnlyMemory<byte> Key { get; }

    /// <summary>The main revision of the last change.</summary>
    public long ModRevision => Newest.Main;

    /// <summary>
    /// A digest of the value, with another seed in every process. Two keys with equal digests have equal values.
    /// </summary>
    public UInt128 ValueDigest { get; internal set; }

    /// <summary>The newest record.</summary>
    internal Revision Newest { get; set; }
}

/// <summary>A value, with what etcd knows about it.</summary>
/// <param name="Value">The bytes.</param>
/// <param name="ModRevision">The revision of the last change.</param>
/// <param name="CreateRevision">The revision at which the key was created.</param>
/// <param name="Lease">The ID of the lease; 0 for none.</param>
public sealed record FoundValue(ReadOnlyMemory<byte> Value, long ModRevision, long CreateRevision, long Lease);

/// <summary>Selects keys.</summary>
public delegate bool KeyFilter(ReadOnlySpan<byte> key);
