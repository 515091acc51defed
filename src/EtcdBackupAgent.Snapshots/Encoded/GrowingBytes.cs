using EtcdBackupAgent.Snapshots.Bolt;

namespace EtcdBackupAgent.Snapshots.Encoded;

/// <summary>Bytes that are appended in pieces. The memory is reused, and grows only with what was appended.</summary>
internal sealed class GrowingBytes
{
    private byte[] _bytes = [];
    private int _length;

    public ReadOnlySpan<byte> Span => _bytes.AsSpan(0, _length);

    public void Clear() => _length = 0;

    public void Append(ReadOnlySpan<byte> bytes)
    {
        int needed = _length + bytes.Length;
        if (needed > _bytes.Length)
        {
            long doubled = Math.Min(2L * _bytes.Length, BoltFormat.PageSpanBytesMax);
            Array.Resize(ref _bytes, (int)Math.Max(needed, doubled));
        }

        bytes.CopyTo(_bytes.AsSpan(_length));
        _length = needed;
    }
}
