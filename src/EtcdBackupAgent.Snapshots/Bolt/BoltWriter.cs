using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;

namespace EtcdBackupAgent.Snapshots.Bolt;

/// <summary>
/// Writes a new bbolt file from front to back: buckets one after another, each from elements in the order of their keys. Memory does
/// not depend on the file's size, only on the largest element. The metas come last, and until then the file is no database.
/// </summary>
/// <remarks>
/// <para>
/// Page 2 is an empty freelist: every page below the high-water mark is in use. An etcd that finds a freelist does not walk over the
/// whole file to find the free pages when it opens it the first time; from its first commit on it stores none.
/// </para>
/// <para>A bucket that bbolt itself would keep inline is inline here: one leaf, up to a quarter of a page.</para>
/// </remarks>
internal sealed class BoltWriter : IDisposable
{
    private const ulong FreelistPage = BoltFormat.FirstDataPage;

    private readonly SafeFileHandle _file;
    private readonly int _pageSizeBytes;
    private readonly BoltWriterOutput _output;
    private readonly BoltWriterTree _tree;

    /// <summary>What the root bucket will hold: a header for each bucket, with its page if it is inline.</summary>
    private readonly SortedDictionary<byte[], byte[]> _buckets =
        new(Comparer<byte[]>.Create((left, right) => left.AsSpan().SequenceCompareTo(right)));

    private byte[]? _bucketName;
    private ulong _bucketSequence;

    /// <param name="file">Empty and open for writing; stays the caller's.</param>
    /// <param name="pageSizeBytes">A power of two that bbolt knows.</param>
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

    /// <summary>Bytes of the file so far; the root bucket is still to come.</summary>
    public long SizeBytes => _output.SizeBytes;

    /// <summary>The key that was added last to the bucket that is begun; empty if there is none yet.</summary>
    public ReadOnlySpan<byte> LastKey => _tree.LastKey;

    /// <param name="name">Of a bucket that was not written yet; names may come in any order.</param>
    /// <param name="sequence">The bucket's counter, which etcd does not use.</param>
    /// <exception cref="ArgumentException">There is such a bucket already.</exception>
    /// <exception cref="InvalidOperationException">Another bucket is not ended.</exception>
    public void BeginBucket(ReadOnlySpan<byte> name, ulong sequence)
    {
        if (_bucketName is not null)
        {
            throw new InvalidOperationException("Another bucket is not ended.");
        }

        byte[] copy = name.ToArray();
        _buckets.Add(copy, []);
        (_bucketName, _bucketSequence) = (copy, sequence);
    }

    /// <exception cref="ArgumentException">The key is not above the one before it, or empty.</exception>
    /// <exception cref="IOException">The disk refused what was added so far.</exception>
    public void Add(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) => _tree.Add(0, key, value);

    /// <exception cref="IOException">The disk refused what was added so far.</exception>
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

    /// <summary>Writes the root bucket and, once all pages are on the disk, the metas, and brings them there, too.</summary>
    /// <param name="transactionId">Of the newer meta; at least 1.</param>
    /// <returns>Bytes of the file.</returns>
    /// <exception cref="IOException">The disk refused it.</exception>
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
            // bbolt writes the meta of a transaction to the page of the transaction's parity.
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

    /// <summary>Touches the file no more.</summary>
    public void Dispose() => _output.Dispose();

    private static void WriteHeader(Span<byte> page, ulong id, BoltPageKinds kind)
    {
        page[..BoltFormat.PageHeaderBytes].Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(page, id);
        BinaryPrimitives.WriteUInt16LittleEndian(page[8..], (ushort)kind);
    }
}
