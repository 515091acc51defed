namespace EtcdBackupAgent.Archive.Posix;

/// <summary>
/// The real place of a directory, which does not have to exist yet. Symbolic links are resolved, and the place is
/// compared by file system and path in it, so bind mounts and two volumes of one directory are recognized. Two mounts
/// of one network share are not recognized.
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

    /// <summary>The absolute path as given, with symbolic links.</summary>
    public string Given { get; }

    /// <summary>The path without symbolic links.</summary>
    public string Real { get; }

    public static DirectoryPlace Of(string directory) => new(directory, MountTable.Read());

    /// <summary>Whether the other directory is this directory or lies anywhere below it.</summary>
    public bool Contains(DirectoryPlace other)
    {
        FileSystemPlace inner = _mounts.PlaceOf(other.Real);
        return _mounts.PlacesBelow(Real).Any(place => place.Contains(inner));
    }

    public override string ToString() =>
        FileName.Shown(Given == Real ? Given : $"{Given} (which is {Real})");
}
