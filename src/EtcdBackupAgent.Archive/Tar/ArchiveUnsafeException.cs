namespace EtcdBackupAgent.Archive.Tar;

/// <summary>
/// An archive has an entry that a backup never contains and that is unsafe to extract: it would be written outside the
/// target directory, through a link or over another entry, or it is a device. The message contains the entry and the
/// reason.
/// </summary>
public sealed class ArchiveUnsafeException(string entryName, string reason)
    : IOException($"The archive's entry {EntryPath.Shown(entryName)} is refused: {reason}");
