using EtcdBackupAgent.Archive.Streams;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Stores;
using Microsoft.Win32.SafeHandles;

namespace EtcdBackupAgent.Storage.FileSystem;

/// <summary>A stored file or a part of it, with the length that it had when it was opened.</summary>
internal sealed class FileReadStream : ForwardOnlyStream
{
    private readonly SafeFileHandle _file;
    private readonly ObjectKey _key;
    private readonly string _directory;
    private readonly long _end;
    private long _position;

    public FileReadStream(SafeFileHandle file, ObjectKey key, string directory, ByteRange? range)
    {
        _file = file;
        _key = key;
        _directory = directory;
        long length = RandomAccess.GetLength(file);
        _position = Math.Min(range?.Offset ?? 0, length);
        _end = _position + Math.Min(range?.Length ?? length, length - _position);
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_position == _end || buffer.IsEmpty)
        {
            return 0;
        }

        int wanted = (int)Math.Min(buffer.Length, _end - _position);
        int count;
        try
        {
            count = await RandomAccess.ReadAsync(_file, buffer[..wanted], _position, cancellationToken);
        }
        catch (IOException e)
        {
            throw FileErrors.Translate(e, $"read '{_key}'", _directory);
        }

        _position += count;
        return count > 0
            ? count
            : throw new BackupException(
                FailureReason.StoreFailed, $"'{_key}' in '{_directory}' was shortened while it was being read.");
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _file.Dispose();
        }

        base.Dispose(disposing);
    }
}
