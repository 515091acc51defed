namespace EtcdBackupAgent.Archive.Posix;

/// <summary>
/// Where a directory really is, there yet or not: with symbolic links resolved, and known by file system and path in
/// it, so that bind mounts and two volumes of one directory are seen. Not seen are two mounts of one share of another
/// machine.
/// </summary>
public sealed class DirectoryPlace
{
    private readonly MountTable _mounts;

    private DirectoryPlace(string directory, MountTable mounts)
    {
        _mounts = mounts;
        Given = RealPath.Absolute(directory);
        Real = RealPath.Of(directory);
    }

    /// <summary>As it was named, absolute.</summary>
    public string Given { get; }

    /// <summary>Without symbolic links.</summary>
    public string Real { get; }

    public static DirectoryPlace Of(string directory) => new(directory, MountTable.Read());

    /// <summary>Whether the other is this directory, or would be met by walking through it.</summary>
    public bool Contains(DirectoryPlace other)
    {
        FileSystemPlace inner = _mounts.PlaceOf(other.Real);
        return _mounts.PlacesBelow(Real).Any(place => place.Contains(inner));
    }

    public override string ToString() =>
        FileName.Shown(Given == Real ? Given : $"{Given} (which is {Real})");
}
