using System.IO.Hashing;
using System.Security.Cryptography;

namespace EtcdBackupAgent.Snapshots.Revisions;

/// <summary>
/// Represents a key in memory: 128 bits of XXH128, with a new seed in every process. The probability that two of 10^9
/// keys have the same hash is about 10^-21.
/// </summary>
internal static class KeyHash
{
    private static readonly long Seed = BitConverter.ToInt64(RandomNumberGenerator.GetBytes(sizeof(long)));

    public static UInt128 Of(ReadOnlySpan<byte> key) => XxHash128.HashToUInt128(key, Seed);
}
