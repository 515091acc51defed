using EtcdBackupAgent.Archive.Spilling;
using EtcdBackupAgent.Core.Documents;

namespace EtcdBackupAgent.Core.Artifacts;

/// <summary>Where a backup may put sealed bytes that the store does not take as fast as etcd gives them.</summary>
public sealed record ScratchSpace
{
    /// <summary>Nowhere: etcd is read at the store's pace.</summary>
    public static ScratchSpace None { get; } = new() { Directory = null };

    /// <summary>A directory on this machine; null for none.</summary>
    public required string? Directory { get; init; }

    /// <summary>Whether somebody named it, so that it is taken even where it is in memory.</summary>
    public bool IsNamed { get; init; }

    /// <summary>Nothing in plain goes to a disk: without encryption there is no scratch space.</summary>
    internal SpillOptions OptionsFor(ArtifactEncryption encryption) => encryption == ArtifactEncryption.None
        ? new SpillOptions
        {
            Directory = null,
            NoDirectoryReason = "the repository is not encrypted, and nothing in plain is put on a disk",
        }
        : new SpillOptions { Directory = Directory, AllowsMemory = IsNamed };
}
