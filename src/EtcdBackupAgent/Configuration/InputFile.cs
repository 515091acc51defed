using EtcdBackupAgent.Core.Failures;

namespace EtcdBackupAgent.Configuration;

/// <summary>Reads the small files that options name.</summary>
internal static class InputFile
{
    /// <exception cref="BackupException"><see cref="FailureReason.InvalidInput"/>, naming the option and the file.</exception>
    public static string ReadText(string option, string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new BackupException(FailureReason.InvalidInput, $"{option} {path} cannot be read: {e.Message}", e);
        }
    }
}
