namespace EtcdBackupAgent.Storage.S3;

/// <summary>Content in memory, as much as one part may have. Its array goes back to the pool once, however often it is disposed.</summary>
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

    /// <summary>Reads until the part is full or the content ends. What the content throws is passed on unchanged.</summary>
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
