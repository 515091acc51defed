using System.Security.Cryptography;
using System.Text;
using EtcdBackupAgent.Archive.Zstd;
using EtcdBackupAgent.Snapshots;
using EtcdBackupAgent.Snapshots.Bolt;
using EtcdBackupAgent.Snapshots.Verification;
using EtcdBackupAgent.Testing.Directories;
using Microsoft.Win32.SafeHandles;

namespace EtcdBackupAgent.Tests.Snapshots.Bolt;

/// <summary>A valid database in which a test changes bytes and restores them.</summary>
internal sealed class DamagedFile : IDisposable
{
    private readonly TestDirectory _directory = new();
    private readonly SafeFileHandle _handle;

    /// <summary>Creates the file from a real snapshot.</summary>
    public DamagedFile(string vector)
        : this(Decompress(vector)[..^SnapshotTrailerCheck.TrailerSizeBytes])
    {
    }

    public DamagedFile(byte[] bytes)
    {
        Bytes = bytes;
        File.WriteAllBytes(Path, Bytes);
        _handle = File.OpenHandle(Path, access: FileAccess.ReadWrite);
    }

    public string Path => _directory["db"];

    /// <summary>The valid database, without the trailer.</summary>
    public byte[] Bytes { get; private set; }

    public BoltDatabase Open() => BoltDatabase.Open(_handle, RandomAccess.GetLength(_handle));

    public void Write(long offset, ReadOnlySpan<byte> bytes) => RandomAccess.Write(_handle, bytes, offset);

    /// <summary>Writes both metas.</summary>
    public void WriteMetas(BoltMeta meta)
    {
        byte[] bytes = new byte[BoltFormat.MetaBytes + sizeof(ulong)];
        meta.Write(bytes);
        Write(BoltFormat.PageHeaderBytes, bytes);
        Write(meta.PageSizeBytes + BoltFormat.PageHeaderBytes, bytes);
    }

    /// <summary>Extends the file without using space on the disk.</summary>
    public void Extend(long sizeBytes) => RandomAccess.SetLength(_handle, sizeBytes);

    public void Restore(long offset, int length) => Write(offset, Bytes.AsSpan((int)offset, length));

    /// <summary>
    /// Stores a freelist of the free pages in the first of them. The result becomes the valid database.
    /// </summary>
    public void StoreFreelist()
    {
        BoltDatabase database = Open();
        ulong[] free = StoredFreelist.FreePages(database);
        Write(
            (long)free[0] * database.PageSizeBytes,
            StoredFreelist.Page(free[0], database.PageSizeBytes, free.AsSpan(1)));
        WriteMetas(database.Meta with { Freelist = free[0] });
        byte[] bytes = new byte[Bytes.Length];
        database.ReadBytes(bytes, 0);
        Bytes = bytes;
    }

    /// <summary>Returns the result of <c>verify --deep</c>.</summary>
    public SnapshotProof Verify(HashKv hash, CancellationToken cancellationToken) =>
        SnapshotVerifier.Verify(_handle, RandomAccess.GetLength(_handle), hash, cancellationToken);

    /// <summary>
    /// Returns all problems that the check and a cursor over all elements find, or the message of the exception.
    /// </summary>
    public IReadOnlyList<string> Problems(CancellationToken cancellationToken)
    {
        try
        {
            BoltDatabase database = Open();
            BoltCheckReport report = BoltCheck.Run(database, 5, cancellationToken);
            if (report.Problems.Count == 0)
            {
                Content();
            }

            return report.Problems;
        }
        catch (SnapshotDamagedException e)
        {
            return [e.Message];
        }
    }

    /// <summary>
    /// Returns the content: the names of the buckets, and for each a digest of the lengths and bytes of its keys and
    /// values in order.
    /// </summary>
    public SortedDictionary<string, string> Content()
    {
        SortedDictionary<string, string> content = new(StringComparer.Ordinal);
        BoltCursor root = Open().Root();
        for (bool more = root.MoveToFirst(); more; more = root.MoveNext())
        {
            using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            BoltCursor cursor = root.OpenBucket();
            for (bool element = cursor.MoveToFirst(); element; element = cursor.MoveNext())
            {
                hash.AppendData(BitConverter.GetBytes(cursor.Key.Length));
                hash.AppendData(cursor.Key);
                hash.AppendData(BitConverter.GetBytes(cursor.IsBucket ? -1 : cursor.Value.Length));
                hash.AppendData(cursor.Value);
            }

            content[Encoding.Latin1.GetString(root.Key)] = Convert.ToHexString(hash.GetHashAndReset());
        }

        return content;
    }

    /// <summary>Returns a key that iteration returns but a seek does not find, or null if there is none.</summary>
    public string? FindLostKey()
    {
        BoltCursor root = Open().Root();
        for (bool more = root.MoveToFirst(); more; more = root.MoveNext())
        {
            BoltCursor walk = root.OpenBucket();
            BoltCursor search = root.OpenBucket();
            for (bool element = walk.MoveToFirst(); element; element = walk.MoveNext())
            {
                if (!search.Seek(walk.Key) || !search.Key.SequenceEqual(walk.Key))
                {
                    return Convert.ToHexString(walk.Key);
                }
            }
        }

        return null;
    }

    public void Dispose()
    {
        _handle.Dispose();
        _directory.Dispose();
    }

    private static byte[] Decompress(string vector)
    {
        using MemoryStream whole = new();
        using FileStream file = File.OpenRead(
            System.IO.Path.Combine(AppContext.BaseDirectory, "vectors", "bolt", vector));
        using ZstdDecompressionStream stream = new(file);
        stream.CopyTo(whole);
        return whole.ToArray();
    }
}
