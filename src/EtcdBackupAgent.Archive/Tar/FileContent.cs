using EtcdBackupAgent.Archive.Posix;
using Microsoft.Win32.SafeHandles;

namespace EtcdBackupAgent.Archive.Tar;

/// <summary>
/// The content of a file to archive. Its length is already in the archive's header. A small file is read completely
/// before, and again if it changed while it was read, so the archive has a consistent copy. A large file is read while
/// it is archived: see <see cref="LargeFileStream"/>.
/// </summary>
internal sealed class FileContent(FileStatus status, Stream stream) : IDisposable
{
    /// <summary>
    /// The largest size of a file that is read completely before: keys, certificates and kubeconfigs have a few KB.
    /// </summary>
    public const int WholeFileBytesMax = 1024 * 1024;

    /// <summary>The most attempts to read a file that changes while it is read.</summary>
    public const int AttemptsMax = 5;

    /// <summary>The status when the content was read.</summary>
    public FileStatus Status { get; } = status;

    /// <summary>The content, with exactly the size of the status.</summary>
    public Stream Stream { get; } = stream;

    /// <summary>Opens the file. Returns null if it no longer exists.</summary>
    /// <exception cref="DirectoryReadException">
    /// The file cannot be read, is no longer a regular file, or changed during every attempt.
    /// </exception>
    public static FileContent? Open(string path, Action<string> onWarning)
    {
        try
        {
            for (int attempt = 0; attempt < AttemptsMax; attempt++)
            {
                if (FileStatus.OfName(path) is not { } named)
                {
                    return null;
                }

                if (TryOpen(path, named, onWarning) is { } content)
                {
                    return content;
                }
            }
        }
        catch (FileNotFoundException)
        {
            return null;
        }
        catch (Exception e) when (e is (IOException and not DirectoryReadException) or UnauthorizedAccessException)
        {
            throw new DirectoryReadException(path, e.Message, e);
        }

        throw new DirectoryReadException(path, $"it changed while it was being read, {AttemptsMax} times in a row.");
    }

    public void Dispose() => Stream.Dispose();

    /// <summary>Opens the file. Returns null if it changed in the meantime.</summary>
    private static FileContent? TryOpen(string path, FileStatus named, Action<string> onWarning)
    {
        if (named.Kind != FileKind.RegularFile)
        {
            throw new DirectoryReadException(path, "it was a file when its directory was listed, but now is not.");
        }

        // Open without blocking: the name may be a FIFO by now. Take no lock: programs that renew the file must not
        // wait.
        SafeFileHandle file = LinuxCalls.Open(
            path, LinuxCalls.ReadOnly | LinuxCalls.NonBlocking | LinuxCalls.CloseOnExec, mode: 0);
        if (file.IsInvalid)
        {
            throw LinuxError.Last(path);
        }

        FileContent? content = null;
        try
        {
            // The opened file must be the one that was checked: open follows a symbolic link that may have replaced it.
            content = FileStatus.OfOpenFile(file) != named ? null
                : named.SizeBytes > WholeFileBytesMax
                    ? new FileContent(named, new LargeFileStream(path, file, named, onWarning))
                    : TryReadWhole(file, named);
            return content;
        }
        finally
        {
            if (content?.Stream is not LargeFileStream)
            {
                file.Dispose();
            }
        }
    }

    private static FileContent? TryReadWhole(SafeFileHandle file, FileStatus named)
    {
        byte[] content = new byte[named.SizeBytes + 1];
        int bytes = ReadToEnd(file, content);
        return bytes == named.SizeBytes && FileStatus.OfOpenFile(file) == named
            ? new FileContent(named, new MemoryStream(content, 0, bytes, writable: false))
            : null;
    }

    private static int ReadToEnd(SafeFileHandle file, Span<byte> buffer)
    {
        int total = 0;
        int bytes;
        do
        {
            bytes = RandomAccess.Read(file, buffer[total..], total);
            total += bytes;
        }
        while (bytes > 0);
        return total;
    }
}
