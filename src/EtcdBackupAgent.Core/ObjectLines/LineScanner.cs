using EtcdBackupAgent.Snapshots;
using Microsoft.Win32.SafeHandles;

namespace EtcdBackupAgent.Core.ObjectLines;

/// <summary>Reads the lines of a file one after the other, with one of them in memory.</summary>
/// <param name="file">The file, open for random access.</param>
/// <param name="sizeBytes">The size of the file.</param>
internal sealed class LineScanner(SafeFileHandle file, long sizeBytes)
{
    private byte[] _buffer = new byte[1 << 20];
    private int _start;
    private int _end;
    private int _length;
    private long _read;

    /// <summary>The number of the current line, from 1.</summary>
    public long Number { get; private set; }

    /// <summary>The place of the current line in the file.</summary>
    public long Offset { get; private set; }

    /// <summary>The current line without its line feed. Valid until the next move.</summary>
    public ReadOnlySpan<byte> Line => _buffer.AsSpan(_start, _length);

    /// <summary>Moves to the next line. Returns false at the end of the file.</summary>
    /// <exception cref="SnapshotDamagedException">The last line has no end, or a line is too long.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public bool MoveNext()
    {
        _start = Number == 0 ? 0 : _start + _length + 1;
        int searched = _start;
        while (true)
        {
            int feed = _buffer.AsSpan(searched, _end - searched).IndexOf((byte)'\n');
            if (feed >= 0)
            {
                _length = searched + feed - _start;
                Number++;
                Offset = _read - _end + _start;
                return true;
            }

            searched = _end;
            if (!Fill(ref searched))
            {
                return _start == _end
                    ? false
                    : throw new SnapshotDamagedException($"line {Number + 1}: it does not end");
            }
        }
    }

    /// <summary>Reads more bytes behind the current ones. Returns false at the end of the file.</summary>
    private bool Fill(ref int searched)
    {
        if (_end == _buffer.Length)
        {
            int kept = _end - _start;
            if (kept > ObjectLineFormat.LineBytesMax)
            {
                throw new SnapshotDamagedException(
                    $"line {Number + 1}: it has more than {ObjectLineFormat.LineBytesMax} bytes");
            }

            byte[] target = kept > _buffer.Length / 2 ? new byte[_buffer.Length * 2] : _buffer;
            _buffer.AsSpan(_start, kept).CopyTo(target);
            searched -= _start;
            (_buffer, _start, _end) = (target, 0, kept);
        }

        int bytes = RandomAccess.Read(
            file, _buffer.AsSpan(_end, (int)Math.Min(_buffer.Length - _end, sizeBytes - _read)), _read);
        _end += bytes;
        _read += bytes;
        return bytes > 0;
    }
}
