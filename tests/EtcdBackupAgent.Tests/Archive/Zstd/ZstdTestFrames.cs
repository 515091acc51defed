using EtcdBackupAgent.Archive.Zstd;

namespace EtcdBackupAgent.Tests.Archive.Zstd;

/// <summary>Compresses and decompresses small test frames.</summary>
internal static class ZstdTestFrames
{
    public static byte[] Compress(byte[] plain, ZstdCompressionOptions? options = null)
    {
        using ZstdCompressionStream stream = new(new MemoryStream(plain), options ?? new());
        using MemoryStream frame = new();
        stream.CopyTo(frame);
        return frame.ToArray();
    }

    public static byte[] Decompress(params byte[][] frames)
    {
        using ZstdDecompressionStream stream = new(new MemoryStream([.. frames.SelectMany(f => f)]));
        using MemoryStream plain = new();
        stream.CopyTo(plain);
        return plain.ToArray();
    }
}
