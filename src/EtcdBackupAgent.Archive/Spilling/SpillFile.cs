using System.Numerics;
using System.Runtime.InteropServices;
using EtcdBackupAgent.Archive.Posix;
using Microsoft.Win32.SafeHandles;

namespace EtcdBackupAgent.Archive.Spilling;

/// <summary>
/// Blocks of one size in a file without a name. A place that was read is used again, so that the file is as long as the most that was
/// in it. For one writer and one reader at a time.
/// </summary>
internal sealed class SpillFile : IDisposable
{
    /// <summary>
    /// This share of the file system stays free: it may be that of etcd itself, which ends when its disk is full, or that of a kubelet, which
    /// begins to clear images away at 15 %.
    /// </summary>
    public const double FreeShareMin = 0.15;

    private readonly Lock _gate = new();
    private readonly string _directory;
    private readonly SafeFileHandle _file;
    private readonly int _blockBytes;
    private readonly Stack<int> _free = new();
    private int _places;
    private int _held;

    private SpillFile(string directory, SafeFileHandle file, int blockBytes)
    {
        _directory = directory;
        _file = file;
        _blockBytes = blockBytes;
    }

    /// <summary>The most bytes that were in it at a time.</summary>
    public long HeldBytesMax
    {
        get
        {
            lock (_gate)
            {
                return (long)_places * _blockBytes;
            }
        }
    }

    /// <summary>Why a block was not taken, the last time; for the writer.</summary>
    public string? WhyNot { get; private set; }

    /// <summary>Whether nothing waits in it to be read.</summary>
    public bool IsEmpty
    {
        get
        {
            lock (_gate)
            {
                return _held == 0;
            }
        }
    }

    /// <exception cref="IOException">There is no such directory, or it takes no file.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not write there.</exception>
    public static SpillFile Create(string directory, int blockBytes) =>
        new(directory, NamelessFile.Create(directory), blockBytes);

    /// <summary>Puts a block away.</summary>
    /// <returns>Where; null if there is no room for it, or it cannot be written: <see cref="WhyNot"/>.</returns>
    public SpilledBlock? TryWrite(ReadOnlySpan<byte> block)
    {
        if (TryTakePlace() is not { } place)
        {
            return null;
        }

        try
        {
            RandomAccess.Write(_file, block, (long)place * _blockBytes);
            return new SpilledBlock(place, block.Length, Checksum(block));
        }
        catch (IOException e)
        {
            WhyNot = $"the scratch directory '{_directory}' takes no more: {e.Message.TrimEnd('.')}";
            GiveBack(place);
            return null;
        }
    }

    /// <summary>Takes a block out again; its place is free then.</summary>
    /// <exception cref="SpillException">It cannot be read, or is not what was written.</exception>
    public void Read(SpilledBlock block, Span<byte> target)
    {
        Span<byte> bytes = target[..block.Bytes];
        int read;
        try
        {
            read = RandomAccess.Read(_file, bytes, (long)block.Place * _blockBytes);
        }
        catch (IOException e)
        {
            throw new SpillException($"The scratch file in '{_directory}' cannot be read: {e.Message}", e);
        }

        if (read != bytes.Length || Checksum(bytes) != block.Checksum)
        {
            throw new SpillException($"The scratch file in '{_directory}' gave back other bytes than were written to it.");
        }

        GiveBack(block.Place);
    }

    public void Dispose() => _file.Dispose();

    private int? TryTakePlace()
    {
        lock (_gate)
        {
            if (!_free.TryPop(out int place))
            {
                if (!HasRoom())
                {
                    WhyNot = $"the scratch directory '{_directory}' is full but for the {FreeShareMin:P0} that stay free";
                    return null;
                }

                place = _places++;
            }

            _held++;
            return place;
        }
    }

    private void GiveBack(int place)
    {
        lock (_gate)
        {
            _held--;
            _free.Push(place);
        }
    }

    private bool HasRoom()
    {
        DriveInfo drive = new(_directory);
        return drive.AvailableFreeSpace - _blockBytes >= drive.TotalSize * FreeShareMin;
    }

    /// <summary>CRC-32C: against a disk that fails; against anybody else the blocks are authenticated.</summary>
    private static uint Checksum(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        foreach (ulong eight in MemoryMarshal.Cast<byte, ulong>(bytes))
        {
            crc = BitOperations.Crc32C(crc, eight);
        }

        foreach (byte one in bytes[(bytes.Length & ~(sizeof(ulong) - 1))..])
        {
            crc = BitOperations.Crc32C(crc, one);
        }

        return ~crc;
    }
}

/// <summary>A block that lies in a <see cref="SpillFile"/>.</summary>
internal readonly record struct SpilledBlock(int Place, int Bytes, uint Checksum);
