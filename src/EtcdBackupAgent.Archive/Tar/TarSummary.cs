namespace EtcdBackupAgent.Archive.Tar;

/// <summary>The number of entries in an archive, without the top directory itself.</summary>
public sealed record TarSummary
{
    /// <summary>The summary of an archive without entries.</summary>
    public static TarSummary Empty { get; } = new();

    /// <summary>Regular files. Each hard link counts as a file.</summary>
    public long Files { get; init; }

    /// <summary>Directories below the top directory.</summary>
    public long Directories { get; init; }

    /// <summary>Symbolic links.</summary>
    public long Links { get; init; }

    /// <summary>
    /// Entries of the directory that were skipped, each with a warning: sockets, devices, FIFOs, files that were
    /// removed.
    /// </summary>
    public long Skipped { get; init; }

    /// <summary>The total size of the contents of all regular files.</summary>
    public long Bytes { get; init; }
}
