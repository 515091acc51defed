using EtcdBackupAgent.Archive.Spilling;
using EtcdBackupAgent.Core.Documents;

namespace EtcdBackupAgent.Core.Artifacts;

/// <summary>The place where a backup may put sealed bytes when etcd sends faster than the store accepts.</summary>
public sealed record ScratchSpace
{
    /// <summary>No scratch space: etcd is read at the store's pace.</summary>
    public static ScratchSpace None { get; } = new() { Directory = null };

    /// <summary>A local directory; null for none.</summary>
    public required string? Directory { get; init; }

    /// <summary>Whether the user chose the directory. If so, it is used even if it is in memory.</summary>
    public bool IsNamed { get; init; }

    /// <summary>
    /// Returns the options of the read-ahead. Without encryption there is no scratch space, because plaintext is never
    /// written to a local disk.
    /// </summary>
    internal SpillOptions OptionsFor(ArtifactEncryption encryption) => encryption == ArtifactEncryption.None
        ? new SpillOptions
        {
            Directory = null,
            NoDirectoryReason = "the repository is not encrypted, and nothing in plain is put on a disk",
        }
        : new SpillOptions { Directory = Directory, AllowsMemory = IsNamed };
}
