using System.Buffers;
using EtcdBackupAgent.Archive.Posix;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Snapshots;
using Microsoft.Win32.SafeHandles;

namespace EtcdBackupAgent.Core.Restores;

/// <summary>A snapshot file: finds the end of its database and checks the SHA-256 after it.</summary>
internal sealed class SnapshotInput : IDisposable
{
    private const int ReadBufferBytes = 1 << 20;

    private readonly bool _hasTrailer;

    private SnapshotInput(string name, SafeFileHandle file, long sizeBytes, bool hasTrailer)
    {
        Name = name;
        File = file;
        _hasTrailer = hasTrailer;
        DatabaseBytes = hasTrailer ? sizeBytes - SnapshotTrailerCheck.TrailerSizeBytes : sizeBytes;
    }

    /// <summary>The path, for messages.</summary>
    public string Name { get; }

    public SafeFileHandle File { get; }

    /// <summary>Bytes of the database, without the trailer.</summary>
    public long DatabaseBytes { get; }

    /// <param name="path">The file.</param>
    /// <param name="skipHashCheck">Whether to accept a file without a trailer.</param>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.InvalidInput"/> if it cannot be read, <see cref="FailureReason.DataDamaged"/> if it has
    /// no trailer.
    /// </exception>
    public static SnapshotInput Open(string path, bool skipHashCheck)
    {
        string name = RealPath.Absolute(path);
        SafeFileHandle file;
        long sizeBytes;
        try
        {
            file = System.IO.File.OpenHandle(name);
            sizeBytes = RandomAccess.GetLength(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new BackupException(
                FailureReason.InvalidInput,
                $"The snapshot file {name} cannot be read: {UnreadableFile.Why(name, e)}.",
                e);
        }

        bool hasTrailer = SnapshotTrailerCheck.HasTrailer(sizeBytes);
        if (!hasTrailer && !skipHashCheck)
        {
            file.Dispose();
            throw new BackupException(
                FailureReason.DataDamaged,
                $"{name} does not end in etcd's SHA-256: it has {sizeBytes} bytes. Either a part is missing, or it is "
                + "not a snapshot.")
            {
                Hint = "A copy of a member's own database (member/snap/db) has no SHA-256: skip the check for such a "
                    + "file.",
                Settings = [Setting.HashCheck],
            };
        }

        return new SnapshotInput(name, file, sizeBytes, hasTrailer);
    }

    /// <summary>
    /// Returns the SHA-256 of the database: the trailer, which <see cref="RequireTrailer"/> still has to check; or the
    /// computed value if there is no trailer.
    /// </summary>
    /// <exception cref="BackupException"><see cref="FailureReason.InvalidInput"/>: the file cannot be read.</exception>
    public byte[] DatabaseSha256(CancellationToken cancellationToken)
    {
        if (!_hasTrailer)
        {
            using SnapshotTrailerCheck whole = new();
            ReadTo(whole, cancellationToken);
            return whole.FinishWhole();
        }

        byte[] trailer = new byte[SnapshotTrailerCheck.TrailerSizeBytes];
        try
        {
            return RandomAccess.Read(File, trailer, DatabaseBytes) == trailer.Length
                ? trailer
                : throw new EndOfStreamException($"it ends before byte {DatabaseBytes + trailer.Length}.");
        }
        catch (IOException e)
        {
            throw Unreadable(e);
        }
    }

    /// <summary>Reads the whole file and compares it with its trailer, if it has one.</summary>
    /// <exception cref="BackupException"><see cref="FailureReason.DataDamaged"/>.</exception>
    public void RequireTrailer(CancellationToken cancellationToken)
    {
        if (!_hasTrailer)
        {
            return;
        }

        using SnapshotTrailerCheck trailer = new();
        ReadTo(trailer, cancellationToken);
        if (trailer.Finish() != SnapshotTrailerResult.Valid)
        {
            throw new BackupException(
                FailureReason.DataDamaged, $"{Name} does not match the SHA-256 that etcd appended to it.")
            {
                Hint = "The file was changed or cut after etcd wrote it. Restore from another snapshot.",
            };
        }
    }

    public void Dispose() => File.Dispose();

    private void ReadTo(SnapshotTrailerCheck check, CancellationToken cancellationToken)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(ReadBufferBytes);
        try
        {
            long offset = 0;
            int read;
            while ((read = RandomAccess.Read(File, buffer, offset)) > 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
                check.Append(buffer.AsSpan(0, read));
                offset += read;
            }
        }
        catch (IOException e)
        {
            throw Unreadable(e);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer, clearArray: true);
        }
    }

    private BackupException Unreadable(IOException e) =>
        new(FailureReason.InvalidInput, $"The snapshot file {Name} cannot be read: {e.Message}", e);
}
