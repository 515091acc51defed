namespace EtcdBackupAgent.Core.Failures;

/// <summary>What to say of a file that somebody named and that cannot be read.</summary>
public static class UnreadableFile
{
    /// <summary>
    /// Why, without a full stop. .NET says "Access is denied" of a directory, even to root.
    /// </summary>
    public static string Why(string path, Exception e) =>
        e is UnauthorizedAccessException && Directory.Exists(path) ? "it is a directory" : e.Message.TrimEnd('.');
}
