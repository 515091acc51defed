using EtcdBackupAgent.Archive.Posix;
using EtcdBackupAgent.Core.Failures;

namespace EtcdBackupAgent.Configuration;

/// <summary>Reads the small files that options name.</summary>
internal static class InputFile
{
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.InvalidInput"/>, naming the option and the file.
    /// </exception>
    public static string ReadText(string option, string path) => Read(option, path, File.ReadAllText);

    /// <inheritdoc cref="ReadText"/>
    public static byte[] ReadBytes(string option, string path) => Read(option, path, File.ReadAllBytes);

    private static T Read<T>(string option, string path, Func<string, T> read)
    {
        try
        {
            return read(RealPath.Absolute(path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new BackupException(
                FailureReason.InvalidInput, $"{option} {path} cannot be read: {UnreadableFile.Why(path, e)}.", e);
        }
    }
}
