using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using EtcdBackupAgent.Archive.Posix;
using EtcdBackupAgent.Core.Stores;
using Microsoft.Win32.SafeHandles;

namespace EtcdBackupAgent.Storage.FileSystem;

/// <summary>
/// An object that is being written: a file <c>~pending/TIME-RANDOM~KEY</c> in the store's directory, so that its start
/// time and its key survive the process. No object key can contain a '~', so no listing shows the file.
/// </summary>
internal sealed class PendingFile : IDisposable
{
    public const string DirectoryName = "~pending";

    private const string TimeFormat = "yyyyMMdd'T'HHmmss'Z'";
    private const string TimeExample = "20260102T030405Z";

    /// <summary>
    /// The number of characters of the key in the file's name. They are only for messages, and a name has at most 255
    /// bytes.
    /// </summary>
    private const int KeyCharactersMax = 200;

    private const int BufferBytes = 1 << 20;

    /// <summary>
    /// The kernel starts to write after this many bytes while more arrive, so that the fsync at the end is short.
    /// </summary>
    private const long WritebackBytes = 8 << 20;

    private readonly FileStream _file;

    private PendingFile(FileStream file) => _file = file;

    public string Path => _file.Name;

    private SafeFileHandle Handle => _file.SafeFileHandle;

    /// <summary>Creates the empty file, readable by its owner only, in an existing directory.</summary>
    public static PendingFile Create(string directory, ObjectKey key, DateTimeOffset now)
    {
        string flat = key.Value.Replace('/', '~');
        string time = now.UtcDateTime.ToString(TimeFormat, CultureInfo.InvariantCulture);
        string name = $"{time}-{RandomNumberGenerator.GetHexString(8, true)}~"
            + flat[..Math.Min(flat.Length, KeyCharactersMax)];
        string path = System.IO.Path.Combine(directory, name);
        return new PendingFile(new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            BufferSize = 0,
        }));
    }

    /// <summary>Parses the name of a pending file.</summary>
    /// <returns>Null if the name has another form.</returns>
    public static PendingUpload? Parse(string name)
    {
        int tilde = name.IndexOf('~', StringComparison.Ordinal);
        return tilde > TimeExample.Length
            && !name.Contains('/', StringComparison.Ordinal)
            && DateTimeOffset.TryParseExact(
                name[..TimeExample.Length],
                TimeFormat,
                CultureInfo.InvariantCulture,
                DateTimeStyles.AssumeUniversal,
                out DateTimeOffset startedAt)
            ? new PendingUpload { Key = name[(tilde + 1)..].Replace('~', '/'), UploadId = name, StartedAt = startedAt }
            : null;
    }

    /// <summary>
    /// Writes all of the content and makes it durable. It reads the next piece while it writes the current one.
    /// </summary>
    /// <returns>The number of bytes.</returns>
    /// <exception cref="PendingWriteException">
    /// The file system failed. An exception of the content is passed on unchanged.
    /// </exception>
    public async Task<long> WriteAsync(Stream content, CancellationToken cancellationToken)
    {
        byte[] front = ArrayPool<byte>.Shared.Rent(BufferBytes);
        byte[] back = ArrayPool<byte>.Shared.Rent(BufferBytes);
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            long offset = 0;
            int filled = await ReadAsync(content, front, cancellationToken);
            while (filled > 0)
            {
                Task<int> reading = ReadAsync(content, back, stop.Token);
                try
                {
                    await WriteAsync(front.AsMemory(0, filled), offset, cancellationToken);
                }
                catch
                {
                    await stop.CancelAsync();
                    await ((Task)reading).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                    throw;
                }

                offset += filled;
                filled = await reading;
                (front, back) = (back, front);
            }

            Flush();
            return offset;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(front);
            ArrayPool<byte>.Shared.Return(back);
        }
    }

    public void Dispose() => _file.Dispose();

    private static async Task<int> ReadAsync(Stream content, byte[] buffer, CancellationToken cancellationToken) =>
        await content.ReadAtLeastAsync(
            buffer.AsMemory(0, BufferBytes), BufferBytes, throwOnEndOfStream: false, cancellationToken);

    private async Task WriteAsync(ReadOnlyMemory<byte> bytes, long offset, CancellationToken cancellationToken)
    {
        try
        {
            await RandomAccess.WriteAsync(Handle, bytes, offset, cancellationToken);
        }
        catch (Exception e) when (FileErrors.IsFromFileSystem(e))
        {
            throw new PendingWriteException(e);
        }

        long end = offset + bytes.Length;
        if (end % WritebackBytes == 0)
        {
            DurableNames.StartWriteback(Handle, end - WritebackBytes, WritebackBytes);
        }
    }

    private void Flush()
    {
        try
        {
            RandomAccess.FlushToDisk(Handle);
        }
        catch (Exception e) when (FileErrors.IsFromFileSystem(e))
        {
            throw new PendingWriteException(e);
        }
    }
}

/// <summary>
/// Distinguishes a failure of the file system, which is the inner exception, from a failure of the content that is read
/// at the same time.
/// </summary>
internal sealed class PendingWriteException(Exception cause) : Exception(cause.Message, cause);
