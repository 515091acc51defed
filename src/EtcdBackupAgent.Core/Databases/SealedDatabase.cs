using EtcdBackupAgent.Archive.Spilling;
using EtcdBackupAgent.Core.Artifacts;
using EtcdBackupAgent.Snapshots;
using EtcdBackupAgent.Snapshots.Bolt;

namespace EtcdBackupAgent.Core.Databases;

/// <summary>A database with etcd's trailer in a sealed scratch file.</summary>
internal sealed class SealedDatabase : IPageSource, IDisposable
{
    private const int CopyBufferBytes = 1 << 18;

    private readonly SealedFile _file;

    private SealedDatabase(SealedFile file) => _file = file;

    /// <summary>The size of the database and the trailer.</summary>
    public long SizeBytes => _file.LengthBytes;

    /// <summary>The size of the database without the trailer.</summary>
    public long DatabaseBytes => _file.LengthBytes - SnapshotTrailerCheck.TrailerSizeBytes;

    /// <summary>Creates an empty file in a directory that has room.</summary>
    /// <param name="scratch">The directory.</param>
    /// <param name="sizeBytes">The size that the file will have.</param>
    /// <param name="problem">Why the directory cannot take it, as a sentence without a full stop.</param>
    /// <returns>Null if the directory cannot take it.</returns>
    public static SealedDatabase? TryCreate(ScratchSpace scratch, long sizeBytes, out string problem)
    {
        problem = "there is no scratch directory";
        if (scratch.Directory is not { } directory)
        {
            return null;
        }

        try
        {
            problem = !scratch.IsNamed && new DriveInfo(directory).DriveFormat is "tmpfs" or "ramfs"
                ? $"the scratch directory '{directory}' is itself in memory"
                : SealedFile.FindRoomProblem(directory, sizeBytes) ?? "";
            return problem.Length == 0 ? new SealedDatabase(SealedFile.Create(directory)) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            problem = $"the scratch directory '{directory}' cannot be used: {e.Message.TrimEnd('.')}";
            return null;
        }
    }

    /// <summary>Fills the file with a stream, which is read to its end.</summary>
    /// <exception cref="SpillException">The file cannot be written.</exception>
    public async Task FillAsync(Stream content, CancellationToken cancellationToken)
    {
        byte[] buffer = GC.AllocateUninitializedArray<byte>(CopyBufferBytes);
        int bytes;
        while ((bytes = await content.ReadAsync(buffer, cancellationToken)) > 0)
        {
            _file.Append(buffer.AsSpan(0, bytes));
        }

        _file.Complete();
    }

    /// <summary>Reads the whole file; this stays open.</summary>
    public Stream OpenRead() => new SealedFileStream(_file);

    /// <inheritdoc/>
    /// <exception cref="SpillException">The file cannot be read, or returned other bytes.</exception>
    public void ReadExactly(Span<byte> bytes, long offset) => _file.ReadExactly(bytes, offset);

    public void Dispose() => _file.Dispose();
}
