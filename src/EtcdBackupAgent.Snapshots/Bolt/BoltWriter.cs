using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;

namespace EtcdBackupAgent.Snapshots.Bolt;

/// <summary>
/// Writes a new bbolt file sequentially: one bucket after another, each from elements in the order of their keys.
/// Memory does not depend on the size of the file, only on the largest element. The metas are written last; until then
/// the file is not a valid database.
/// </summary>
/// <remarks>
/// <para>
/// Page 2 is an empty freelist: every page below the high-water mark is in use. If etcd finds a freelist, it does not
/// read the whole file to find the free pages when it first opens it. With its first commit etcd stops storing a
/// freelist.
/// </para>
/// <para>A bucket is written inline if bbolt would do so: one leaf of up to a quarter of a page.</para>
/// </remarks>
internal sealed class BoltWriter : IDisposable
{
    private const ulong FreelistPage = BoltFormat.FirstDataPage;

    private readonly SafeFileHandle _file;
    private readonly int _pageSizeBytes;
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
    {
        _file = file;
        _pageSizeBytes = pageSizeBytes;
        _output = new BoltWriterOutput(file, pageSizeBytes);
        _tree = new BoltWriterTree(_output, pageSizeBytes);
        _output.Append(new byte[FreelistPage * (ulong)pageSizeBytes]);
        Span<byte> freelist = stackalloc byte[BoltFormat.PageHeaderBytes];
        WriteHeader(freelist, FreelistPage, BoltPageKinds.Freelist);
        _output.Append(freelist);
        _output.FillPage();
    }

    /// <summary>The size of the file so far, without the root bucket.</summary>
    public long SizeBytes => _output.SizeBytes;

    /// <summary>The last key of the current bucket; empty if it has none yet.</summary>
    public ReadOnlySpan<byte> LastKey => _tree.LastKey;

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
                Freelist = FreelistPage,
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
