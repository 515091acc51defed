using System.Buffers;

namespace EtcdBackupAgent.Snapshots.KeySpaces;

/// <summary>Reads the keys and values of one revision.</summary>
public interface IKeyReader
{
    /// <summary>The revision whose keys are read.</summary>
    long Revision { get; }

    /// <summary>Finds keys. One thread at a time may call it.</summary>
    /// <param name="filter">Selects the keys.</param>
    /// <param name="cancellationToken">Cancels the search.</param>
    /// <returns>The selected keys, in the order of their bytes.</returns>
    /// <exception cref="SnapshotDamagedException">What is read is damaged.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    IReadOnlyList<FoundKey> Find(KeyFilter filter, CancellationToken cancellationToken);

    /// <summary>Reads the newest value of a key. Several threads may call it at the same time.</summary>
    /// <param name="key">A key that this reader found.</param>
    /// <param name="buffer">Receives the value, which is valid until the buffer is used again.</param>
    /// <exception cref="SnapshotDamagedException">What is read is damaged.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    FoundValue ReadValue(FoundKey key, ArrayBufferWriter<byte> buffer);
}
