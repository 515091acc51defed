using EtcdBackupAgent.Core.Failures;

namespace EtcdBackupAgent.Etcd.Tls;

/// <summary>Reads a file with certificates or a key. The content is checked where it is used.</summary>
internal static class PemFile
{
    /// <summary>The maximum size of a file, in bytes. A bundle of all public authorities has 250 KiB.</summary>
    private const long SizeBytesMax = 4 * 1024 * 1024;

    /// <summary>
    /// Reads the whole file; returns null if the path is null. <paramref name="content"/> is the expected content, for
    /// messages: <c>client key</c>.
    /// </summary>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.InvalidInput"/>, naming the file and why it cannot be read.
    /// </exception>
    public static async Task<string?> ReadAsync(string content, string? path, CancellationToken cancellationToken)
    {
        if (path is null)
        {
            return null;
        }

        try
        {
            if (Directory.Exists(path))
            {
                throw Unreadable(content, path, "it is a directory", innerException: null);
            }

            if (new FileInfo(path) is { Exists: true, Length: > SizeBytesMax } file)
            {
                throw Unreadable(
                    content, path, $"its {file.Length} bytes exceed the limit of {SizeBytesMax}", innerException: null);
            }

            return await File.ReadAllTextAsync(path, cancellationToken);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw Unreadable(content, path, "it does not exist", e);
        }
        catch (UnauthorizedAccessException e)
        {
            throw Unreadable(content, path, "permission denied", e);
        }
        catch (IOException e)
        {
            throw Unreadable(content, path, e.Message, e);
        }
    }

    private static BackupException Unreadable(string content, string path, string why, Exception? innerException) =>
        new(
            FailureReason.InvalidInput,
            $"The file '{path}' with etcd's {content} cannot be read: {why}.",
            innerException);
}
