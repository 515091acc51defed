using System.Buffers.Binary;
using System.Numerics;

namespace EtcdBackupAgent.Snapshots.Revisions;

/// <summary>CRC-32C (Castagnoli), the checksum of etcd's hashes, of bytes that are appended in pieces.</summary>
internal struct Crc32C
{
    private uint _value;

    /// <summary>The checksum of all bytes so far; 0 if there are none.</summary>
    public readonly uint Value => _value;

    public void Append(ReadOnlySpan<byte> bytes)
    {
        uint crc = ~_value;
        while (bytes.Length >= sizeof(ulong))
        {
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            bytes = bytes[sizeof(ulong)..];
        }

        foreach (byte b in bytes)
        {
            crc = BitOperations.Crc32C(crc, b);
        }

        _value = ~crc;
    }
}
