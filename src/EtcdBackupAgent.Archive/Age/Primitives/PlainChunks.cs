using System.Collections.Concurrent;
using System.Security.Cryptography;

namespace EtcdBackupAgent.Archive.Age.Primitives;

/// <summary>
/// Pinned buffers for the plain bytes of one chunk, which the garbage collector does not copy. They are used again,
/// because pinned arrays are freed only by a full collection, and a change log is thousands of small files.
/// </summary>
internal static class PlainChunks
{
    /// <summary>The most buffers that are kept.</summary>
    private const int KeptMax = 32;

    private static readonly ConcurrentBag<byte[]> Kept = [];

    /// <summary>Returns a buffer of the size of a chunk. Its content is undefined.</summary>
    public static byte[] Rent() => Kept.TryTake(out byte[]? buffer)
        ? buffer
        : GC.AllocateUninitializedArray<byte>(ChunkCipher.PlainBytes, pinned: true);

    /// <summary>Overwrites a buffer, and keeps it for the next file.</summary>
    public static void Return(byte[] buffer)
    {
        CryptographicOperations.ZeroMemory(buffer);
        if (Kept.Count < KeptMax)
        {
            Kept.Add(buffer);
        }
    }
}
