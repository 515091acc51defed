using EtcdBackupAgent.Archive.Posix;
using Microsoft.Win32.SafeHandles;

namespace EtcdBackupAgent.Archive.Tar;

/// <summary>
/// The content of a file as it goes into an archive, whose header has promised its length. A small file is read whole
/// before, and again if it changed meanwhile, so that what is archived was the file at one moment. A large one is read
/// as it goes: see <see cref="LargeFileStream"/>.
/// </summary>
internal sealed class FileContent(FileStatus status, Stream stream) : IDisposable
{
    /// <summary>Bytes up to which a file is read whole: keys, certificates and kubeconfigs have a few KB.</summary>
    public const int WholeFileBytesMax = 1024 * 1024;

    /// <summary>How often a file that changes while it is read is read at most.</summary>
    public const int AttemptsMax = 5;

    /// <summary>As it was when the content was read.</summary>
    public FileStatus Status { get; } = status;

    /// <summary>Exactly as many bytes as the status says.</summary>
    public Stream Stream { get; } = stream;

    /// <summary>Null if the file is not there any more.</summary>
    /// <exception cref="DirectoryReadException">It cannot be read, is no regular file any more, or changes all the time.</exception>
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

    /// <summary>Null if the file changed meanwhile.</summary>
    private static FileContent? TryOpen(string path, FileStatus named, Action<string> onWarning)
    {
        if (named.Kind != FileKind.RegularFile)
        {
            throw new DirectoryReadException(path, "it was a file when its directory was listed, and is none any more.");
        }

        // Opened without waiting: the name may be a fifo's by now. No lock is taken: whoever renews the file goes on.
        SafeFileHandle file = LinuxCalls.Open(
            path, LinuxCalls.ReadOnly | LinuxCalls.NonBlocking | LinuxCalls.CloseOnExec, mode: 0);
        if (file.IsInvalid)
        {
            throw LinuxError.Last(path);
        }

        FileContent? content = null;
        try
        {
            // What was opened must be what was looked at: opening follows a symbolic link that took the name meanwhile.
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
