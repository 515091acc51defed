namespace EtcdBackupAgent.Archive.Tar;

/// <summary>What an archive holds, the top directory itself not counted.</summary>
public sealed record TarSummary
{
    public static TarSummary Empty { get; } = new();

    /// <summary>Regular files; further names of one file (hard links) count each.</summary>
    public long Files { get; init; }

    public long Directories { get; init; }

    /// <summary>Symbolic links.</summary>
    public long Links { get; init; }

    /// <summary>What was found in the directory and left out, each with a warning: sockets, devices, files that vanished.</summary>
    public long Skipped { get; init; }

    /// <summary>Bytes of the contents of the regular files that the archive stores.</summary>
    public long Bytes { get; init; }
}
