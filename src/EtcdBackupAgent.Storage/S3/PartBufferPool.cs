namespace EtcdBackupAgent.Storage.S3;

/// <summary>
/// Keeps the buffers of parts for later parts. All of them have one size, because the size of parts changes rarely; an
/// <see cref="System.Buffers.ArrayPool{T}"/> would round 12 MiB up to 16.
/// </summary>
internal sealed class PartBufferPool
{
    private readonly Lock _lock = new();
    private readonly Stack<byte[]> _kept = new();

    /// <summary>Returns a buffer of exactly this size. It may contain old data.</summary>
    public byte[] Rent(int size)
    {
        lock (_lock)
        {
            if (_kept.TryPeek(out byte[]? kept) && kept.Length != size)
            {
                _kept.Clear();
            }

            return _kept.TryPop(out byte[]? fitting) ? fitting : GC.AllocateUninitializedArray<byte>(size);
        }
    }

    public void Return(byte[] buffer)
    {
        lock (_lock)
        {
            if (!_kept.TryPeek(out byte[]? kept) || kept.Length == buffer.Length)
            {
                _kept.Push(buffer);
            }
        }
    }
}
