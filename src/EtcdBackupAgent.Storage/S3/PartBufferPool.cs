namespace EtcdBackupAgent.Storage.S3;

/// <summary>
/// Keeps the buffers of parts for the next part. All that are kept have one size: parts grow seldom, and an
/// <see cref="System.Buffers.ArrayPool{T}"/> would round 12 MiB up to 16.
/// </summary>
internal sealed class PartBufferPool
{
    private readonly Lock _lock = new();
    private readonly Stack<byte[]> _kept = new();

    /// <summary>A buffer of exactly this size; what is in it is left from before.</summary>
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
