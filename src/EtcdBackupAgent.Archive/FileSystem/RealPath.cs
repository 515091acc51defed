namespace EtcdBackupAgent.Archive.FileSystem;

/// <summary>Paths as the system understands them, which <see cref="Path.GetFullPath(string)"/> does not: it takes
/// <c>link/..</c> away.</summary>
public static class RealPath
{
    /// <summary>An absolute path to the same thing. Symbolic links stay, unless a <c>..</c> comes after them.</summary>
    public static string Absolute(string path) =>
        path.Split('/').Contains("..", StringComparer.Ordinal) ? Of(path) : Path.GetFullPath(path);

    /// <summary>The path without symbolic links; of something that is not there, the path at which it would be
    /// made.</summary>
    public static string Of(string path)
    {
        string absolute = path.StartsWith('/') ? path : Path.Join(Environment.CurrentDirectory, path);
        string head = absolute;
        while (true)
        {
            if (Resolve(head.Length == 0 ? "/" : head) is { } real)
            {
                return Path.TrimEndingDirectorySeparator(Path.GetFullPath(Path.Join(real, absolute[head.Length..])));
            }

            head = head[..head.LastIndexOf('/')];
        }
    }

    /// <summary>Null if it is not there, or cannot be looked at.</summary>
    private static string? Resolve(string path)
    {
        Span<byte> real = new byte[LinuxCalls.PathBytesMax];
        return LinuxCalls.RealPath(path, real) == 0 ? null : FileName.Decode(real[..real.IndexOf((byte)0)]);
    }
}
