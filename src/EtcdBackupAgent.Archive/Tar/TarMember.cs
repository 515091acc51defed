using EtcdBackupAgent.Archive.Posix;

namespace EtcdBackupAgent.Archive.Tar;

/// <summary>What the headers of a tar say of one member, whatever they say: nothing is checked yet.</summary>
internal sealed record TarMember
{
    public required TarType Type { get; init; }

    /// <summary>As <see cref="FileName"/> makes it of the bytes; a directory's ends with a slash where we write
    /// it.</summary>
    public required string Name { get; init; }

    /// <summary>Of links; empty otherwise.</summary>
    public string LinkTarget { get; init; } = "";

    /// <summary>The twelve bits of chmod(2).</summary>
    public required int Mode { get; init; }

    public required long User { get; init; }

    public required long Group { get; init; }

    /// <summary>For people: what is restored is the number. Empty if unknown.</summary>
    public string UserName { get; init; } = "";

    /// <inheritdoc cref="UserName"/>
    public string GroupName { get; init; } = "";

    public required FileTime Modified { get; init; }

    /// <summary>Bytes of content that follow the headers; of files only.</summary>
    public long SizeBytes { get; init; }

    /// <summary>Whether the extended header says that the content is a map of a sparse file and what is left of
    /// it.</summary>
    public bool IsSparse { get; init; }
}

/// <summary>The type flags of ustar, of pax, and those of GNU tar that are met.</summary>
internal enum TarType
{
    /// <summary>Before ustar; a directory if the name ends with a slash.</summary>
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
