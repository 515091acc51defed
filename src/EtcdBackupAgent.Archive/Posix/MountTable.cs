namespace EtcdBackupAgent.Archive.Posix;

/// <summary>
/// The mounts of this process: which part of which file system is mounted where (<c>/proc/self/mountinfo</c>,
/// proc_pid_mountinfo(5)). Two paths to the same directory, through a bind mount or as two volumes of a pod, have the
/// same <see cref="FileSystemPlace"/>.
/// </summary>
public sealed class MountTable
{
    private const string File = "/proc/self/mountinfo";

    private readonly List<Mount> _mounts = [];

    /// <summary>The table of this process. Where the system does not show one, everything is one file system.</summary>
    public static MountTable Read() => new(System.IO.File.Exists(File) ? System.IO.File.ReadAllBytes(File) : []);

    /// <param name="mountinfo">The bytes of <c>/proc/self/mountinfo</c>.</param>
    public MountTable(ReadOnlySpan<byte> mountinfo)
    {
        // Without the table, all paths are treated as one file system.
        _mounts.Add(new Mount("", "/", "/"));
        foreach (string line in FileName.Decode(mountinfo).Split('\n'))
        {
            // 36 35 98:0 /root/within /mount/point options …
            if (line.Split(' ') is [_, _, { } device, { } root, { } point, ..])
            {
                _mounts.Add(new Mount(device, Unescape(root), Unescape(point)));
            }
        }
    }

    /// <summary>Returns the place of a real path: the file system and the path in it.</summary>
    public FileSystemPlace PlaceOf(string realPath)
    {
        Mount mount = MountOf(realPath);
        string below = mount.Point == "/" ? realPath : realPath[mount.Point.Length..];
        string root = mount.Root == "/" ? "" : mount.Root;
        return new FileSystemPlace(mount.Device, Path.TrimEndingDirectorySeparator($"{root}/{below.TrimStart('/')}"));
    }

    /// <summary>Returns the places at and below a real path: its own, and those that are mounted below it.</summary>
    public IEnumerable<FileSystemPlace> PlacesBelow(string realPath) => _mounts
        .Where(mount => FileSystemPlace.IsWithin(realPath, mount.Point) && MountOf(mount.Point) == mount)
        .Select(mount => new FileSystemPlace(mount.Device, mount.Root))
        .Append(PlaceOf(realPath));

    /// <summary>Whether something is mounted at a path: such a directory cannot be renamed.</summary>
    public bool HasMountAt(string realPath) => _mounts.Any(mount => mount.Device.Length > 0 && mount.Point == realPath);

    /// <summary>The innermost, and of several at one point the last, which hides the others.</summary>
    private Mount MountOf(string realPath) => _mounts
        .Where(mount => FileSystemPlace.IsWithin(mount.Point, realPath))
        .Aggregate((best, mount) => mount.Point.Length >= best.Point.Length ? mount : best);

    /// <summary>Decodes the escapes of space, tab, line feed and backslash, such as <c>\040</c>.</summary>
    private static string Unescape(string text)
    {
        string[] parts = text.Split('\\');
        return parts[0] + string.Concat(parts.Skip(1).Select(part =>
            part.Length >= 3 ? $"{(char)Convert.ToInt32(part[..3], 8)}{part[3..]}" : part));
    }

    private sealed record Mount(string Device, string Root, string Point);
}

/// <summary>A path within a file system, which may be seen at several paths.</summary>
/// <param name="Device">Of the file system.</param>
/// <param name="Path">From its root.</param>
public sealed record FileSystemPlace(string Device, string Path)
{
    public bool Contains(FileSystemPlace other) => Device == other.Device && IsWithin(Path, other.Path);

    /// <summary>Whether the second path is the first or below it.</summary>
    public static bool IsWithin(string outer, string inner) =>
        outer is "/" or "" || inner == outer || inner.StartsWith(outer + "/", StringComparison.Ordinal);
}
