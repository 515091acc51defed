using EtcdBackupAgent.Archive.Hashing;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Repository;

namespace EtcdBackupAgent.Core.Verification;

/// <summary>
/// What a user knows from elsewhere about the newest snapshot: from a record, a metric or a notification. The
/// repository alone cannot show that its newest snapshots were not removed.
/// </summary>
/// <param name="Number">The number of the snapshot; null if it is not known.</param>
/// <param name="ManifestSha256">The digest of its manifest; null if it is not known.</param>
public sealed record ChainExpectation(int? Number, Sha256Digest? ManifestSha256)
{
    /// <summary>Refuses a repository that has lost what the user expects.</summary>
    /// <param name="inventory">The repository.</param>
    /// <param name="address">The repository's address, for messages.</param>
    /// <param name="chainId">The chain of the snapshot that is wanted; null if it is in none.</param>
    /// <exception cref="BackupException"><see cref="FailureReason.ProtectionChanged"/>.</exception>
    public void Require(Inventory inventory, string address, string? chainId)
    {
        int newest = NewestNumber(inventory, chainId) ?? 0;
        if (Number > newest)
        {
            throw Lost(
                $"The newest signed snapshot in {address} has the number {newest}, but {Number} is expected: later "
                + "snapshots were removed, or the repository was rolled back.");
        }

        if (ManifestSha256 is { } digest && !inventory.Snapshots.Any(
            s => s.Signature.Counts && s.Manifest.DocumentSha256 == digest))
        {
            throw Lost($"No trusted snapshot in {address} has a manifest with the SHA-256 {digest}.");
        }
    }

    /// <summary>The highest number of a chain; null if there is no such chain.</summary>
    public static int? NewestNumber(Inventory inventory, string? chainId) =>
        inventory.Chains.SingleOrDefault(chain => chain.Id == chainId)?.Number;

    private static BackupException Lost(string message) => new(FailureReason.ProtectionChanged, message)
    {
        Hint = "Look for a copy of the repository, and for older versions of its objects.",
    };
}
