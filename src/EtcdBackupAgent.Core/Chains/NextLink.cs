using System.Security.Cryptography;
using EtcdBackupAgent.Archive.Hashing;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.History;
using EtcdBackupAgent.Core.Statements;

namespace EtcdBackupAgent.Core.Chains;

/// <summary>The place of a new snapshot in its chain, and its roster.</summary>
/// <param name="Link">The field of the manifest.</param>
/// <param name="RosterUtf8">The bytes of the roster.</param>
internal sealed record NextLink(ChainLink Link, byte[] RosterUtf8)
{
    /// <summary>
    /// Continues the chain of the newest counting snapshot of the same policy and cluster, or begins one.
    /// </summary>
    /// <param name="manifest">The new snapshot.</param>
    /// <param name="oldestFirst">The snapshots of the repository.</param>
    /// <param name="chains">The chains of the repository.</param>
    /// <param name="stated">The statements of the repository.</param>
    public static NextLink After(
        SnapshotManifest manifest,
        IReadOnlyList<Snapshot> oldestFirst,
        IReadOnlyList<Chain> chains,
        StatedFacts stated)
    {
        Snapshot? newest = SnapshotHistory.Newest(oldestFirst, s => s.Signature.Counts && IsOfSameChain(s, manifest));
        string id = newest?.Manifest.Chain!.Id
            ?? RandomNumberGenerator.GetHexString(ChainLink.IdLength, lowercase: true);
        Snapshot[] members =
        [
            .. oldestFirst
                .Where(s => s.Signature.Counts && s.Manifest.Chain?.Id == id)
                .OrderBy(s => s.Manifest.Chain!.Number)
                .ThenBy(s => s.Id.Value, StringComparer.Ordinal),
        ];
        Chain? chain = chains.SingleOrDefault(c => c.Id == id);
        Snapshot? previous = members.LastOrDefault();

        // What is missing stays in the roster until a statement says why.
        RosterEntry[] standing =
        [
            .. members
                .Where(s => !stated.AccountFor(s.Id, s.Manifest.DocumentSha256))
                .Select(s => new RosterEntry(s.Manifest.Chain!.Number, s.Id, s.Manifest.DocumentSha256))
                .Concat(chain?.Missing ?? [])
                .OrderBy(entry => entry.Number)
                .TakeLast(RosterDocument.EntriesMax),
        ];
        byte[] utf8 = RepositoryJson.Write(new RosterDocument
        {
            FormatVersion = RepositoryJson.FormatVersion,
            Chain = id,
            Standing = [.. standing.Select(entry => $"{entry}")],
        });
        int highest = Math.Max(
            Math.Max(previous?.Manifest.Chain!.Number ?? 0, chain?.Number ?? 0), stated.HighestNumber(id));
        return new NextLink(
            new ChainLink
            {
                Id = id,
                Number = highest + 1,
                Previous = previous is null
                    ? null
                    : new ChainPredecessor
                    {
                        Id = previous.Id,
                        ManifestSha256 = previous.Manifest.DocumentSha256,
                    },
                Roster = new ChainRoster
                {
                    Count = standing.Length,
                    Sha256 = new Sha256Digest(SHA256.HashData(utf8)),
                },
            },
            utf8);
    }

    private static bool IsOfSameChain(Snapshot snapshot, SnapshotManifest manifest) =>
        snapshot.Manifest.Chain is not null
        && snapshot.Manifest.Policy == manifest.Policy
        && snapshot.Manifest.PolicyUid == manifest.PolicyUid
        && snapshot.Manifest.ClusterId == manifest.ClusterId;
}
