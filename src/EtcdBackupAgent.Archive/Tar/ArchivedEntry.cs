using EtcdBackupAgent.Archive.Posix;

namespace EtcdBackupAgent.Archive.Tar;

internal enum EntryKind
{
    RegularFile,
    Directory,
    SymbolicLink,

    /// <summary>A further name of a regular file that came before.</summary>
    HardLink,
}

/// <summary>One entry of a tar, as far as it is extracted: with a name that was checked, and without bits that are never set.</summary>
internal sealed record ArchivedEntry
{
    public required EntryKind Kind { get; init; }

    public required EntryPath Path { get; init; }

    /// <summary>Read, write and execute bits only: never set-uid, set-gid or sticky.</summary>
    public required UnixFileMode Mode { get; init; }

    public required uint User { get; init; }

    public required uint Group { get; init; }

    public required FileTime Modified { get; init; }

    /// <summary>Of a symbolic link: any text but none, taken as it is, for it is never followed. Of others: empty.</summary>
    public string LinkTarget { get; init; } = "";

    /// <summary>Of a hard link: the name of the earlier entry.</summary>
    public EntryPath? Earlier { get; init; }

    /// <summary>Of a regular file: bytes of its content.</summary>
    public long SizeBytes { get; init; }
}
