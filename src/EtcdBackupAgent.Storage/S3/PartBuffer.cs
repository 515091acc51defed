namespace EtcdBackupAgent.Storage.S3;

/// <summary>
/// The content of one part in memory. Its array is returned to the pool only once, even if it is disposed several
/// times.
/// </summary>
internal sealed class PartBuffer : IDisposable
{
    private readonly PartBufferPool _pool;
    private readonly int _size;
    private byte[]? _array;
    private int _filled;

    private PartBuffer(PartBufferPool pool, int size)
    {
        _pool = pool;
        _size = size;
        _array = pool.Rent(size);
    }

    /// <summary>Whether more content may follow.</summary>
    public bool IsFull => _filled == _size;

    public ArraySegment<byte> Bytes =>
        new(_array ?? throw new ObjectDisposedException(nameof(PartBuffer)), 0, _filled);

    /// <summary>
    /// Reads until the part is full or the content ends. An exception of the content is passed on unchanged.
    /// </summary>
    public static async Task<PartBuffer> ReadAsync(
        Stream content, int size, PartBufferPool pool, CancellationToken cancellationToken)
    {
        PartBuffer part = new(pool, size);
        try
        {
            part._filled = await content.ReadAtLeastAsync(
                part._array.AsMemory(0, size), size, throwOnEndOfStream: false, cancellationToken);
            return part;
        }
        catch
        {
            part.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _array, null) is { } array)
        {
            _pool.Return(array);
        }
    }
}
