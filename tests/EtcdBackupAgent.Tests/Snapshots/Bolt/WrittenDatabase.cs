using System.Buffers.Binary;
using System.Text;
using EtcdBackupAgent.Snapshots.Bolt;
using EtcdBackupAgent.Testing.Directories;
using Microsoft.Win32.SafeHandles;

namespace EtcdBackupAgent.Tests.Snapshots.Bolt;

/// <summary>A database that a test has written, open for reading.</summary>
internal sealed class WrittenDatabase : IDisposable
{
    private readonly TestDirectory _directory = new();
    private readonly SafeFileHandle _file;

    public WrittenDatabase(int pageSizeBytes, IEnumerable<WrittenBucket> buckets, ulong transactionId = 2)
    {
        using (FileStream file = File.Create(_directory["db"]))
        {
            using BoltWriter writer = new(file.SafeFileHandle, pageSizeBytes);
            foreach (WrittenBucket bucket in buckets)
            {
                writer.BeginBucket(Encoding.ASCII.GetBytes(bucket.Name), bucket.Sequence);
                foreach ((byte[] key, byte[] value) in bucket.Elements)
                {
                    writer.Add(key, value);
                }

                writer.EndBucket();
            }

            SizeBytes = writer.Finish(transactionId);
        }

        _file = File.OpenHandle(_directory["db"]);
        Database = BoltDatabase.Open(_file, RandomAccess.GetLength(_file));
    }

    /// <summary>The size that the writer returned.</summary>
    public long SizeBytes { get; }

    public SafeFileHandle Handle => _file;

    public IPageSource Pages => new FilePages(_file);

    public BoltDatabase Database { get; }

    public IReadOnlyList<WrittenBucket> Read() => Read(Database);

    /// <summary>Returns the bytes of the whole file.</summary>
    public byte[] ReadBytes()
    {
        byte[] bytes = new byte[SizeBytes];
        Database.ReadBytes(bytes, 0);
        return bytes;
    }

    public static IReadOnlyList<WrittenBucket> ReadFile(string path)
    {
        using SafeFileHandle file = File.OpenHandle(path);
        return Read(BoltDatabase.Open(file, RandomAccess.GetLength(file)));
    }

    public static List<WrittenBucket> Read(BoltDatabase database)
    {
        List<WrittenBucket> buckets = [];
        BoltCursor root = database.Root();
        for (bool more = root.MoveToFirst(); more; more = root.MoveNext())
        {
            List<(byte[], byte[])> elements = [];
            BoltCursor cursor = root.OpenBucket();
            for (bool element = cursor.MoveToFirst(); element; element = cursor.MoveNext())
            {
                elements.Add((cursor.Key.ToArray(), cursor.Value.ToArray()));
            }

            ulong sequence = BinaryPrimitives.ReadUInt64LittleEndian(root.Value[8..]);
            buckets.Add(new WrittenBucket(Encoding.ASCII.GetString(root.Key), sequence, elements));
        }

        return buckets;
    }

    /// <summary>
    /// Counts the pages of the root bucket and of all buckets that are not inline, each as often as it is referred to.
    /// </summary>
    public ulong ReachablePages()
    {
        ulong pages = PagesBelow(Database.Meta.Root);
        BoltCursor root = Database.Root();
        for (bool more = root.MoveToFirst(); more; more = root.MoveNext())
        {
            ulong bucket = BinaryPrimitives.ReadUInt64LittleEndian(root.Value);
            pages += bucket == 0 ? 0 : PagesBelow(bucket);
        }

        return pages;
    }

    public void Dispose()
    {
        _file.Dispose();
        _directory.Dispose();
    }

    private ulong PagesBelow(ulong id)
    {
        BoltPage page = new();
        Database.ReadPage(id, page);
        ulong pages = page.Overflow + 1;
        for (int i = 0; page.IsBranch && i < page.Count; i++)
        {
            pages += PagesBelow(page.Child(i));
        }

        return pages;
    }
}
