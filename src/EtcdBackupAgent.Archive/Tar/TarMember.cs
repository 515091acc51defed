using EtcdBackupAgent.Archive.Posix;

namespace EtcdBackupAgent.Archive.Tar;

/// <summary>The values in the headers of one member, not checked yet.</summary>
internal sealed record TarMember
{
    public required TarType Type { get; init; }

    /// <summary>
    /// The name as <see cref="FileName"/> decodes it. When written, the name of a directory ends with a slash.
    /// </summary>
    public required string Name { get; init; }

    /// <summary>The target of a link; empty for other members.</summary>
    public string LinkTarget { get; init; } = "";

    /// <summary>The twelve bits of chmod(2).</summary>
    public required int Mode { get; init; }

    public required long User { get; init; }

    public required long Group { get; init; }

    /// <summary>For information only: a restore uses the number. Empty if unknown.</summary>
    public string UserName { get; init; } = "";

    /// <inheritdoc cref="UserName"/>
    public string GroupName { get; init; } = "";

    public required FileTime Modified { get; init; }

    /// <summary>The size of the content that follows the headers; only files have content.</summary>
    public long SizeBytes { get; init; }

    /// <summary>Whether the extended header marks the content as that of a sparse file: a map and the data.</summary>
    public bool IsSparse { get; init; }
}

/// <summary>The type flags of ustar and pax, and those of GNU tar that occur in practice.</summary>
internal enum TarType
{
    /// <summary>The type before ustar: a directory if the name ends with a slash, otherwise a file.</summary>
    OldFile = 0,
    File = '0',
    HardLink = '1',
    SymbolicLink = '2',
    CharacterDevice = '3',
    BlockDevice = '4',
    Directory = '5',
    Fifo = '6',
    ContiguousFile = '7',
    GnuLongLink = 'K',
    GnuLongName = 'L',
    GnuSparseFile = 'S',
    PaxGlobal = 'g',
    Pax = 'x',
}
