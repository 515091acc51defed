using EtcdBackupAgent.Archive.Spilling;
using EtcdBackupAgent.Snapshots.Bolt;

namespace EtcdBackupAgent.Core.Databases;

/// <summary>A database in a sealed scratch file.</summary>
internal sealed class SealedPages(SealedFile file) : IPageSource
{
    public void ReadExactly(Span<byte> bytes, long offset) => file.ReadExactly(bytes, offset);
}
