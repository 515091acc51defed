using System.IO.Hashing;
using System.Security.Cryptography;

namespace EtcdBackupAgent.Snapshots.Revisions;

/// <summary>
/// Stands for a key in memory: 128 bits of XXH128, seeded anew by every process. Two of 10^9 keys are the same with a probability of
/// about 10^-21.
/// </summary>
internal static class KeyHash
{
    private static readonly long Seed = BitConverter.ToInt64(RandomNumberGenerator.GetBytes(sizeof(long)));

    public static UInt128 Of(ReadOnlySpan<byte> key) => XxHash128.HashToUInt128(key, Seed);
}
