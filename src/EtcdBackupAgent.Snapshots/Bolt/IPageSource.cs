namespace EtcdBackupAgent.Snapshots.Bolt;

/// <summary>
/// The bytes of a database that is read with random access: a file, or pages that are decrypted when they are read.
/// </summary>
/// <remarks>
/// The bytes never change. Any range within the database may be read, also a part of a page or several pages. Several
/// threads may read at the same time. An implementation does not retry, and allocates nothing for a read.
/// </remarks>
public interface IPageSource
{
    /// <summary>Fills the whole buffer with the bytes at an offset.</summary>
    /// <param name="bytes">The buffer; usually a page, sometimes less or several pages.</param>
    /// <param name="offset">The offset of the first byte from the beginning of the database.</param>
    /// <exception cref="IOException">The bytes cannot be read, or the source ends before them.</exception>
    void ReadExactly(Span<byte> bytes, long offset);
}
