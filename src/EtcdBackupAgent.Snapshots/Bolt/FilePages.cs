using Microsoft.Win32.SafeHandles;

namespace EtcdBackupAgent.Snapshots.Bolt;

/// <summary>The pages of a database in a plain file.</summary>
/// <param name="file">The file, open for random access. The caller keeps ownership.</param>
public sealed class FilePages(SafeFileHandle file) : IPageSource
{
    /// <inheritdoc/>
    public void ReadExactly(Span<byte> bytes, long offset)
    {
        while (!bytes.IsEmpty)
        {
            int read = RandomAccess.Read(file, bytes, offset);
            if (read == 0)
            {
                throw new EndOfStreamException($"The database file ends at byte {offset} while it is read.");
            }

            bytes = bytes[read..];
            offset += read;
        }
    }
}
