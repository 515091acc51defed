using EtcdBackupAgent.Snapshots.Bolt;

namespace EtcdBackupAgent.Tests.Snapshots.Bolt;

/// <summary>The pages of a database in memory, in which a test changes bytes.</summary>
internal sealed class MemoryPages(byte[] bytes) : IPageSource
{
    public byte[] Bytes { get; } = bytes;

    public void ReadExactly(Span<byte> bytes, long offset) => Bytes.AsSpan((int)offset, bytes.Length).CopyTo(bytes);
}
