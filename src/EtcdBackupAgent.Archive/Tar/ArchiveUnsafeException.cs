namespace EtcdBackupAgent.Archive.Tar;

/// <summary>
/// An archive has an entry that no backup has, and that would do harm if it were extracted: out of the target directory,
/// through a link, over another entry, a device. The message names the entry and says why it is refused.
/// </summary>
public sealed class ArchiveUnsafeException(string entryName, string reason)
    : IOException($"The archive's entry {EntryPath.Shown(entryName)} is refused: {reason}");
