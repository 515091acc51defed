namespace EtcdBackupAgent.Archive.Posix;

/// <summary>
/// Resolves paths as the system does. <see cref="Path.GetFullPath(string)"/> does not: it removes <c>link/..</c>
/// without following the link.
/// </summary>
public static class RealPath
{
    /// <summary>The number of links that Linux follows in one path (path_resolution(7)).</summary>
    private const int LinksMax = 40;

    /// <summary>
    /// Returns an absolute path to the same entry. Keeps symbolic links unless the path contains <c>..</c>.
    /// </summary>
    public static string Absolute(string path) =>
        path.Split('/').Contains("..", StringComparer.Ordinal) ? Of(path) : Path.GetFullPath(path);

    /// <summary>
    /// Returns the path without symbolic links. If the entry does not exist, returns the path at which it would be
    /// created, also if a link points to a path that does not exist yet.
    /// </summary>
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

            string remainder = rest.TrimStart('/')[FirstName(rest).Length..];
            rest = (target.StartsWith('/') ? target : Path.Join(real, target)) + remainder;
        }
    }

    /// <summary>Splits a path into the part that exists, without links, and the rest.</summary>
    private static (string Real, string Remainder) Split(string absolute)
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
