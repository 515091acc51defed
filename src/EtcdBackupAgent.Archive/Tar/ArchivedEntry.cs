using EtcdBackupAgent.Archive.Posix;

namespace EtcdBackupAgent.Archive.Tar;

internal enum EntryKind
{
    RegularFile,
    Directory,
    SymbolicLink,

    /// <summary>Another name of a regular file that precedes it in the archive.</summary>
    HardLink,
}

/// <summary>
/// One entry of a tar as it is extracted: its name is checked, and it has only the mode bits that may be set.
/// </summary>
internal sealed record ArchivedEntry
{
    public required EntryKind Kind { get; init; }

    public required EntryPath Path { get; init; }

    /// <summary>Read, write and execute bits only: never set-uid, set-gid or sticky.</summary>
    public required UnixFileMode Mode { get; init; }

    public required uint User { get; init; }

    public required uint Group { get; init; }

    public required FileTime Modified { get; init; }

    /// <summary>
    /// The target of a symbolic link: any text that is not empty. It is used unchanged because it is never followed.
    /// Empty for other entries.
    /// </summary>
    public string LinkTarget { get; init; } = "";

    /// <summary>The name of the earlier entry, for a hard link.</summary>
    public EntryPath? Earlier { get; init; }

    /// <summary>The size of the content, for a regular file.</summary>
    public long SizeBytes { get; init; }
}
