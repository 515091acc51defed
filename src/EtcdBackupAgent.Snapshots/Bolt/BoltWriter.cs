using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;

namespace EtcdBackupAgent.Snapshots.Bolt;

/// <summary>
/// Writes a bbolt file sequentially: one bucket after another, each from elements in the order of their keys. The file
/// is a new one, or a database to which pages are appended. Memory does not depend on the size of the file, only on the
/// largest element. The metas are written last; until then a new file is not a valid database.
/// </summary>
/// <remarks>
/// <para>
/// In a new file, page 2 is an empty freelist: every page below the high-water mark is in use. If etcd finds a
/// freelist, it does not read the whole file to find the free pages when it first opens it. With its first commit etcd
/// stops storing a freelist. A database to which pages are appended has none: its replaced pages are free.
/// </para>
/// <para>A bucket is written inline if bbolt would do so: one leaf of up to a quarter of a page.</para>
/// </remarks>
internal sealed class BoltWriter : IDisposable
{
    private readonly SafeFileHandle _file;
    private readonly int _pageSizeBytes;
    private readonly ulong _freelist;
    private readonly BoltWriterOutput _output;
    private readonly BoltWriterTree _tree;

    /// <summary>
    /// The content of the root bucket: a header for each bucket, followed by its page if it is inline.
    /// </summary>
    private readonly SortedDictionary<byte[], byte[]> _buckets =
        new(Comparer<byte[]>.Create((left, right) => left.AsSpan().SequenceCompareTo(right)));

    private byte[]? _bucketName;
    private ulong _bucketSequence;

    /// <param name="file">An empty file, open for writing. The caller keeps ownership.</param>
    /// <param name="pageSizeBytes">A power of two that bbolt supports.</param>
    public BoltWriter(SafeFileHandle file, int pageSizeBytes)
        : this(file, pageSizeBytes, startBytes: 0, BoltFormat.FirstDataPage)
    {
        _output.Append(new byte[_freelist * (ulong)pageSizeBytes]);
        Span<byte> freelist = stackalloc byte[BoltFormat.PageHeaderBytes];
        WriteHeader(freelist, _freelist, BoltPageKinds.Freelist);
        _output.Append(freelist);
        _output.FillPage();
    }

    private BoltWriter(SafeFileHandle file, int pageSizeBytes, long startBytes, ulong freelist)
    {
        _file = file;
        _pageSizeBytes = pageSizeBytes;
        _freelist = freelist;
        _output = new BoltWriterOutput(file, pageSizeBytes, startBytes);
        _tree = new BoltWriterTree(_output, pageSizeBytes);
    }

    /// <summary>The size of the file so far, without the root bucket.</summary>
    public long SizeBytes => _output.SizeBytes;

    /// <summary>The last key of the current bucket; empty if it has none yet.</summary>
    public ReadOnlySpan<byte> LastKey => _tree.LastKey;

    /// <summary>
    /// Returns a writer that appends pages to a database. It has all of its buckets, until they are replaced or
    /// continued. The pages of the database stay as they are; only the metas are overwritten at the end.
    /// </summary>
    /// <param name="file">The file of the database, open for writing. The caller keeps ownership.</param>
    /// <param name="database">The database, which can still be read.</param>
    /// <exception cref="SnapshotDamagedException">The root bucket is damaged.</exception>
    public static BoltWriter AppendTo(SafeFileHandle file, BoltDatabase database)
    {
        BoltWriter writer = new(
            file,
            database.PageSizeBytes,
            (long)database.Meta.HighWaterMark * database.PageSizeBytes,
            BoltFormat.NoFreelist);
        BoltCursor root = database.Root();
        for (bool more = root.MoveToFirst(); more; more = root.MoveNext())
        {
            writer._buckets.Add(
                root.Key.ToArray(),
                root.IsBucket
                    ? root.Value.ToArray()
                    : throw new SnapshotDamagedException("an element of the root bucket is not a bucket"));
        }

        return writer;
    }

    /// <summary>
    /// Begins a bucket that has the elements of an existing one. Further ones are above its last key.
    /// </summary>
    /// <param name="name">The name of the bucket.</param>
    /// <param name="bucket">The bucket in the database to which pages are appended.</param>
    /// <exception cref="SnapshotDamagedException">A page is damaged.</exception>
    public void ContinueBucket(ReadOnlySpan<byte> name, BoltCursor bucket)
    {
        ulong sequence = BinaryPrimitives.ReadUInt64LittleEndian(_buckets[name.ToArray()].AsSpan(8));
        _buckets.Remove(name.ToArray());
        BeginBucket(name, sequence);
        if (bucket.MoveToLast())
        {
            _tree.Continue(bucket.Path);
        }
    }

    /// <summary>Removes a bucket, so that it can be begun anew. Has no effect if there is none of this name.</summary>
    public void RemoveBucket(ReadOnlySpan<byte> name) => _buckets.Remove(name.ToArray());

    /// <summary>Begins a bucket.</summary>
    /// <param name="name">The name of a new bucket. Names may come in any order.</param>
    /// <param name="sequence">The bucket's counter, which etcd does not use.</param>
    /// <exception cref="ArgumentException">The bucket already exists.</exception>
    /// <exception cref="InvalidOperationException">Another bucket is not ended yet.</exception>
    public void BeginBucket(ReadOnlySpan<byte> name, ulong sequence)
    {
        if (_bucketName is not null)
        {
            throw new InvalidOperationException("Another bucket is not ended yet.");
        }

        byte[] copy = name.ToArray();
        _buckets.Add(copy, []);
        (_bucketName, _bucketSequence) = (copy, sequence);
    }

    /// <summary>Adds an element to the current bucket.</summary>
    /// <exception cref="ArgumentException">The key is empty or not above the previous key.</exception>
    /// <exception cref="IOException">The previous elements cannot be written.</exception>
    public void Add(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) => _tree.Add(0, key, value);

    /// <summary>Ends the current bucket.</summary>
    /// <exception cref="IOException">The previous elements cannot be written.</exception>
    /// <exception cref="InvalidOperationException">No bucket was begun.</exception>
    public void EndBucket()
    {
        byte[] name = _bucketName ?? throw new InvalidOperationException("No bucket was begun.");
        byte[] inline = _tree.TryFinishInline(_pageSizeBytes / 4) ?? [];
        byte[] value = new byte[BoltFormat.BucketHeaderBytes + inline.Length];
        BinaryPrimitives.WriteUInt64LittleEndian(value, inline.Length > 0 ? 0 : _tree.Finish());
        BinaryPrimitives.WriteUInt64LittleEndian(value.AsSpan(8), _bucketSequence);
        inline.CopyTo(value.AsSpan(BoltFormat.BucketHeaderBytes));
        _buckets[name] = value;
        _bucketName = null;
    }

    /// <summary>
    /// Writes the root bucket, flushes all pages to the disk, then writes the metas and flushes them too.
    /// </summary>
    /// <param name="transactionId">The transaction of the newer meta; at least 1.</param>
    /// <returns>The size of the file.</returns>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public long Finish(ulong transactionId)
    {
        foreach ((byte[] name, byte[] value) in _buckets)
        {
            _tree.Add(BoltFormat.BucketElement, name, value);
        }

        ulong root = _tree.Finish();
        _output.Flush();
        RandomAccess.FlushToDisk(_file);

        byte[] metas = new byte[2 * _pageSizeBytes];
        foreach (ulong id in (ulong[])[transactionId - 1, transactionId])
        {
            // bbolt writes the meta of a transaction to the page transaction modulo 2.
            Span<byte> page = metas.AsSpan((int)(id % 2) * _pageSizeBytes);
            WriteHeader(page, id % 2, BoltPageKinds.Meta);
            BoltMeta meta = new()
            {
                PageSizeBytes = _pageSizeBytes,
                Root = root,
                RootSequence = 0,
                Freelist = _freelist,
                HighWaterMark = _output.NextPage,
                TransactionId = id,
            };
            meta.Write(page[BoltFormat.PageHeaderBytes..]);
        }

        RandomAccess.Write(_file, metas, 0);
        RandomAccess.FlushToDisk(_file);
        return _output.SizeBytes;
    }

    /// <summary>Waits until the file is no longer used.</summary>
    public void Dispose() => _output.Dispose();

    private static void WriteHeader(Span<byte> page, ulong id, BoltPageKinds kind)
    {
        page[..BoltFormat.PageHeaderBytes].Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(page, id);
        BinaryPrimitives.WriteUInt16LittleEndian(page[8..], (ushort)kind);
    }
}
