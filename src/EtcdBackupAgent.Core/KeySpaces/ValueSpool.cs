using System.Buffers.Binary;
using System.Security.Cryptography;
using EtcdBackupAgent.Archive.Posix;
using EtcdBackupAgent.Core.Failures;
using Microsoft.Win32.SafeHandles;

namespace EtcdBackupAgent.Core.KeySpaces;

/// <summary>
/// Values in a file without a name, each different one once, so that memory does not depend on their size.
/// </summary>
internal sealed class ValueSpool : IDisposable
{
    private readonly string _directory;
    private readonly SafeFileHandle _file;
    private readonly Dictionary<UInt128, ValuePlace> _places = [];
    private long _length;

    /// <exception cref="BackupException"><see cref="FailureReason.TargetUnusable"/>.</exception>
    public ValueSpool(string directory)
    {
        _directory = directory;
        try
        {
            _file = NamelessFile.Create(directory);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unusable(e);
        }
    }

    /// <summary>Adds a value. Equal values have one place.</summary>
    /// <exception cref="BackupException"><see cref="FailureReason.TargetUnusable"/>.</exception>
    public ValuePlace Add(ReadOnlySpan<byte> value)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(value, hash);
        UInt128 digest = BinaryPrimitives.ReadUInt128BigEndian(hash);
        if (!_places.TryGetValue(digest, out ValuePlace place))
        {
            try
            {
                RandomAccess.Write(_file, value, _length);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw Unusable(e);
            }

            _places.Add(digest, place = new ValuePlace(_length, value.Length));
            _length += value.Length;
        }

        return place;
    }

    /// <summary>Reads a value.</summary>
    /// <exception cref="BackupException"><see cref="FailureReason.TargetUnusable"/>.</exception>
    public byte[] Read(ValuePlace place)
    {
        byte[] value = new byte[place.Length];
        try
        {
            for (int read = 0; read < value.Length;)
            {
                int more = RandomAccess.Read(_file, value.AsSpan(read), place.Offset + read);
                read += more > 0 ? more : throw new EndOfStreamException("the file is too short");
            }
        }
        catch (IOException e)
        {
            throw Unusable(e);
        }

        return value;
    }

    public void Dispose() => _file.Dispose();

    private BackupException Unusable(Exception e) => new(
        FailureReason.TargetUnusable,
        $"The scratch directory {_directory} cannot hold the values: {e.Message.TrimEnd('.')}.",
        e)
    {
        Hint = "Choose a scratch directory that this user may write to and that has room.",
        Settings = [Setting.ScratchDirectory],
    };
}
