namespace EtcdBackupAgent.Archive.Posix;

/// <summary>Paths as the system understands them, which <see cref="Path.GetFullPath(string)"/> does not: it takes
/// <c>link/..</c> away.</summary>
public static class RealPath
{
    /// <summary>As many links as Linux follows in one path (path_resolution(7)).</summary>
    private const int LinksMax = 40;

    /// <summary>An absolute path to the same thing. Symbolic links stay, unless a <c>..</c> comes after them.</summary>
    public static string Absolute(string path) =>
        path.Split('/').Contains("..", StringComparer.Ordinal) ? Of(path) : Path.GetFullPath(path);

    /// <summary>The path without symbolic links; of something that is not there, the path at which it would be made,
    /// also where a link leads to what is not there yet.</summary>
    public static string Of(string path)
    {
        string rest = path.StartsWith('/') ? path : Path.Join(Environment.CurrentDirectory, path);
        for (int links = 0; ; links++)
        {
            (string real, rest) = Split(rest);
            string head = Path.Join(real, FirstName(rest));
            if (links == LinksMax || LinuxCalls.LinkTarget(head) is not { Length: > 0 } target)
            {
                return Path.TrimEndingDirectorySeparator(Path.GetFullPath(Path.Join(real, rest)));
            }

            string behind = rest.TrimStart('/')[FirstName(rest).Length..];
            rest = (target.StartsWith('/') ? target : Path.Join(real, target)) + behind;
        }
    }

    /// <summary>What of a path is there, without links, and what follows after it.</summary>
    private static (string Real, string Behind) Split(string absolute)
    {
        string head = absolute;
        while (true)
        {
            if (Resolve(head.Length == 0 ? "/" : head) is { } real)
            {
                return (real, absolute[head.Length..]);
            }

            head = head[..head.LastIndexOf('/')];
        }
    }

    private static string FirstName(string rest) => rest.TrimStart('/').Split('/')[0];

    /// <summary>Null if it is not there, or cannot be looked at.</summary>
    private static string? Resolve(string path)
    {
        Span<byte> real = new byte[LinuxCalls.PathBytesMax];
        return LinuxCalls.RealPath(path, real) == 0 ? null : FileName.Decode(real[..real.IndexOf((byte)0)]);
    }
}
