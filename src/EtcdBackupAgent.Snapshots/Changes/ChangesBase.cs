using EtcdBackupAgent.Archive.Hashing;

namespace EtcdBackupAgent.Snapshots.Changes;

/// <summary>The full snapshot to which changes belong.</summary>
public sealed record ChangesBase
{
    /// <summary>The ID of the snapshot: 1 to 64 printable ASCII characters.</summary>
    public required string Id { get; init; }

    /// <summary>The digest of the snapshot's manifest.</summary>
    public required Sha256Digest ManifestSha256 { get; init; }

    /// <summary>
    /// R0: a revision whose records the snapshot contains completely, and possibly later ones; at least 0.
    /// </summary>
    public required long Revision { get; init; }

    /// <summary>Checks the values.</summary>
    /// <exception cref="ArgumentException">The ID or the revision cannot be written.</exception>
    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfNegative(Revision);
        if (Id.Length is 0 or > ChangesFormat.BaseIdBytesMax || !Id.All(IsIdCharacter))
        {
            throw new ArgumentException(
                $"'{Id}' is not an ID of 1 to {ChangesFormat.BaseIdBytesMax} printable ASCII characters.");
        }
    }

    /// <summary>Whether an ID may contain a character.</summary>
    internal static bool IsIdCharacter(char character) => character is > ' ' and <= '~';
}
