namespace EtcdBackupAgent.Core.Failures;

/// <summary>Describes why a file that the user named cannot be read.</summary>
public static class UnreadableFile
{
    /// <summary>
    /// Returns the reason without a full stop. .NET reports "Access is denied" for a directory, even to root.
    /// </summary>
    public static string Why(string path, Exception e) =>
        e is UnauthorizedAccessException && Directory.Exists(path) ? "it is a directory" : e.Message.TrimEnd('.');
}
