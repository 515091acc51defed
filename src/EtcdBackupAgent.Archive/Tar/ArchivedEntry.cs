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

    public required DateTimeOffset Modified { get; init; }

    /// <summary>Of a symbolic link: any text but none, taken as it is, for it is never followed. Of others: empty.</summary>
    public string LinkTarget { get; init; } = "";

    /// <summary>Of a hard link: the name of the earlier entry.</summary>
    public EntryPath? Earlier { get; init; }

    public long SizeBytes { get; init; }

    /// <summary>Of a regular file with content; to be read before the next entry, else it is skipped.</summary>
    public Stream? Content { get; init; }
}
