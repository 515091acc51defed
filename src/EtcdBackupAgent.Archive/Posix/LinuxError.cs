using System.Runtime.InteropServices;

namespace EtcdBackupAgent.Archive.Posix;

/// <summary>Converts an error of <see cref="LinuxCalls"/> to the exception that .NET uses for it.</summary>
internal static class LinuxError
{
    /// <summary>
    /// Returns the exception for the previous call. Its message contains the system's message and the path.
    /// </summary>
    public static Exception Last(string path) => Of(Marshal.GetLastPInvokeError(), path);

    public static Exception Of(int error, string path)
    {
        string message = $"{Marshal.GetPInvokeErrorMessage(error)}: '{FileName.Shown(path)}'";
        return error switch
        {
            Errno.NotPermitted or Errno.AccessDenied => new UnauthorizedAccessException(message),
            Errno.NoSuchEntry => new FileNotFoundException(message),
            _ => new IOException(message, error),
        };
    }

    /// <summary>Throws if the call returned -1.</summary>
    public static void Check(int result, string path)
    {
        if (result != 0)
        {
            throw Last(path);
        }
    }
}
