using System.Numerics;
using System.Runtime.InteropServices;
using EtcdBackupAgent.Archive.Posix;
using Microsoft.Win32.SafeHandles;

namespace EtcdBackupAgent.Archive.Spilling;

/// <summary>
/// Stores blocks of one size in a file without a name. The slot of a block that was read is reused, so the file grows
/// only to the largest number of blocks that it stores at a time. One writer and one reader may use it concurrently.
/// </summary>
internal sealed class SpillFile : IDisposable
{
    /// <summary>
    /// The share of the file system that stays free. The file system may be that of etcd, which stops when its disk is
    /// full, or that of a kubelet, which starts to remove images at 15 %.
    /// </summary>
    public const double FreeShareMin = 0.15;

    private readonly Lock _gate = new();
    private readonly string _directory;
    private readonly SafeFileHandle _file;
    private readonly int _blockBytes;
    private readonly Stack<int> _freeSlots = new();
    private int _slots;
    private int _usedSlots;

    private SpillFile(string directory, SafeFileHandle file, int blockBytes)
    {
        _directory = directory;
        _file = file;
        _blockBytes = blockBytes;
    }

    /// <summary>The largest number of bytes that the file stored at a time.</summary>
    public long StoredBytesMax
    {
        get
        {
            lock (_gate)
            {
                return (long)_slots * _blockBytes;
            }
        }
    }

    /// <summary>The reason why the last block was refused. For the writer only.</summary>
    public string? RefusalReason { get; private set; }

    /// <summary>Whether the file has no block that is not read yet.</summary>
    public bool IsEmpty
    {
        get
        {
            lock (_gate)
            {
                return _usedSlots == 0;
            }
        }
    }

    /// <exception cref="IOException">The directory does not exist, or no file can be created in it.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not write to the directory.</exception>
    public static SpillFile Create(string directory, int blockBytes) =>
        new(directory, NamelessFile.Create(directory), blockBytes);

    /// <summary>Stores a block.</summary>
    /// <returns>
    /// The stored block. Null if there is no space for it or it cannot be written; <see cref="RefusalReason"/> gives
    /// the reason.
    /// </returns>
    public SpilledBlock? TryWrite(ReadOnlySpan<byte> block)
    {
        if (TryTakeSlot() is not { } slot)
        {
            return null;
        }

        try
        {
            RandomAccess.Write(_file, block, (long)slot * _blockBytes);
            return new SpilledBlock(slot, block.Length, Checksum(block));
        }
        catch (IOException e)
        {
            RefusalReason = $"the scratch directory '{_directory}' cannot be written: {e.Message.TrimEnd('.')}";
            ReleaseSlot(slot);
            return null;
        }
    }

    /// <summary>Reads a block and frees its slot.</summary>
    /// <exception cref="SpillException">The block cannot be read, or differs from what was written.</exception>
    public void Read(SpilledBlock block, Span<byte> target)
    {
        Span<byte> bytes = target[..block.Bytes];
        int read;
        try
        {
            read = RandomAccess.Read(_file, bytes, (long)block.Slot * _blockBytes);
        }
        catch (IOException e)
        {
            throw new SpillException($"The scratch file in '{_directory}' cannot be read: {e.Message}", e);
        }

        if (read != bytes.Length || Checksum(bytes) != block.Checksum)
        {
            throw new SpillException(
                $"The scratch file in '{_directory}' returned other bytes than were written to it.");
        }

        ReleaseSlot(block.Slot);
    }

    public void Dispose() => _file.Dispose();

    private int? TryTakeSlot()
    {
        lock (_gate)
        {
            if (!_freeSlots.TryPop(out int slot))
            {
                if (!HasFreeSpace())
                {
                    RefusalReason =
                        $"the scratch directory '{_directory}' is full except for the {FreeShareMin:P0} that "
                        + "must stay free";
                    return null;
                }

                slot = _slots++;
            }

            _usedSlots++;
            return slot;
        }
    }

    private void ReleaseSlot(int slot)
    {
        lock (_gate)
        {
            _usedSlots--;
            _freeSlots.Push(slot);
        }
    }

    private bool HasFreeSpace()
    {
        DriveInfo drive = new(_directory);
        return drive.AvailableFreeSpace - _blockBytes >= drive.TotalSize * FreeShareMin;
    }

    /// <summary>
    /// CRC-32C detects a failing disk. It does not have to detect tampering: the blocks are authenticated.
    /// </summary>
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

/// <summary>A block that is stored in a <see cref="SpillFile"/>.</summary>
internal readonly record struct SpilledBlock(int Slot, int Bytes, uint Checksum);
