using EtcdBackupAgent.Archive.Spilling;
using EtcdBackupAgent.Archive.Streams;

namespace EtcdBackupAgent.Core.Imports;

/// <summary>
/// Passes on bytes that are written to a scratch directory, and throws when they would no longer have room there. It
/// does not close the source.
/// </summary>
/// <param name="source">The bytes, whose number is not known.</param>
/// <param name="directory">The scratch directory.</param>
/// <param name="intervalBytes">How often the room is looked at.</param>
/// <param name="bytesMax">The most bytes to pass on.</param>
internal sealed class RoomCheckedStream(Stream source, string directory, long intervalBytes, long bytesMax)
    : PullStream(source)
{
    private long _bytes;
    private long _nextCheck;

    protected override int Pull(Span<byte> buffer) => Count(Source.Read(buffer));

    protected override async ValueTask<int> PullAsync(Memory<byte> buffer, CancellationToken cancellationToken) =>
        Count(await Source.ReadAsync(buffer, cancellationToken));

    private int Count(int read)
    {
        _bytes += read;
        if (_bytes >= _nextCheck)
        {
            _nextCheck = _bytes + intervalBytes;
            string? problem = _bytes > bytesMax
                ? $"the archive has more than {bytesMax} bytes"
                : SealedFile.FindRoomProblem(directory, intervalBytes);
            if (problem is not null)
            {
                throw new SpillException(problem);
            }
        }

        return read;
    }
}
