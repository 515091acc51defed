using System.Security.Cryptography;
using EtcdBackupAgent.Archive.Hashing;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.History;
using EtcdBackupAgent.Core.Signatures;
using EtcdBackupAgent.Core.Statements;
using EtcdBackupAgent.Core.Stores;

namespace EtcdBackupAgent.Core.Chains;

/// <summary>
/// Compares the snapshots of a repository with what its signed documents say about them: which snapshots count although
/// no trusted key signed them, and which are missing (<c>docs/spec/signatures.md</c>).
/// </summary>
/// <remarks>
/// 1. Snapshots that a statement adopted count.
/// 2. The newest snapshot of each chain that a trusted key signed has a roster. Read it.
/// 3. A snapshot in a roster counts, if its manifest has the digest in the roster.
/// 4. A snapshot in a roster that does not exist is missing, unless a statement says why.
/// </remarks>
internal sealed class ChainCheck(IObjectStore store, StatedFacts stated)
{
    private readonly List<string> _findings = [];

    /// <summary>Checks the chains.</summary>
    /// <exception cref="BackupException">With the store's reason.</exception>
    public async Task<CheckedChains> CheckAsync(
        IReadOnlyList<Snapshot> read, CancellationToken cancellationToken)
    {
        // 1
        HashSet<(SnapshotId, Sha256Digest)> existing = [.. read.Select(s => (s.Id, s.Manifest.DocumentSha256))];
        Dictionary<SnapshotFolder, Snapshot> snapshots = read.Select(Adopt).ToDictionary(s => s.Folder);

        // 2
        List<Chain> chains = [];
        foreach (IGrouping<string, Snapshot> chain in snapshots.Values
            .Where(s => s.Signature.State == SignatureState.Valid && s.Manifest.Chain is not null)
            .GroupBy(s => s.Manifest.Chain!.Id, StringComparer.Ordinal)
            .OrderBy(chain => chain.Key, StringComparer.Ordinal))
        {
            int newest = chain.Max(s => s.Manifest.Chain!.Number);
            HashSet<RosterEntry> roster = [];
            foreach (Snapshot head in chain.Where(s => s.Manifest.Chain!.Number == newest))
            {
                roster.UnionWith(await ReadRosterAsync(head, cancellationToken));
            }

            // 3
            Snapshot[] vouched = [.. snapshots.Values.Where(s => IsVouched(s, roster))];
            string by = chain.First(s => s.Manifest.Chain!.Number == newest).Signature.Fingerprint!;
            foreach (Snapshot snapshot in vouched)
            {
                snapshots[snapshot.Folder] = snapshot with { Signature = DocumentSignature.Vouched(by) };
            }

            // 4
            RosterEntry[] missing = [.. roster.Where(e => !existing.Contains((e.Id, e.ManifestSha256)))];
            chains.Add(new Chain
            {
                Id = chain.Key,
                Number = newest,
                Standing = [.. roster.OrderBy(entry => entry.Number)],
                Missing = [.. missing
                    .Where(e => !stated.AccountFor(e.Id, e.ManifestSha256))
                    .OrderBy(e => e.Number)],
            });
        }

        _findings.AddRange(chains.SelectMany(chain => chain.Missing).Select(entry =>
            $"Snapshot {entry.Id} (number {entry.Number}) is missing: it was removed without the agent, by a user, by "
            + "a lifecycle rule of the bucket, or in an attack. 'chain accept' accepts that."));
        return new CheckedChains(
            [.. read.Select(s => Describe(snapshots[s.Folder]))], chains, [.. _findings, .. stated.Ignored]);
    }

    private static bool IsVouched(Snapshot snapshot, HashSet<RosterEntry> roster) =>
        !snapshot.Signature.Counts && snapshot.Manifest.Chain is { } chain
        && roster.Contains(new RosterEntry(chain.Number, snapshot.Id, snapshot.Manifest.DocumentSha256));

    private Snapshot Adopt(Snapshot snapshot) =>
        !snapshot.Signature.Counts && stated.IsAdopted(snapshot.Id, snapshot.Manifest.DocumentSha256)
            ? snapshot with { Signature = DocumentSignature.Vouched("a statement") }
            : snapshot;

    private Snapshot Describe(Snapshot snapshot) => snapshot with
    {
        Hold = stated.HoldOf(snapshot.Id, snapshot.Manifest.DocumentSha256),
        Exclusion = stated.ExclusionOf(snapshot.Id, snapshot.Manifest.DocumentSha256),
    };

    /// <summary>Reads the roster of a snapshot. A damaged one is a finding, and counts as empty.</summary>
    private async Task<IReadOnlyList<RosterEntry>> ReadRosterAsync(
        Snapshot head, CancellationToken cancellationToken)
    {
        ObjectKey key = head.Folder.RosterKey;
        try
        {
            StoredDocument stored = await StoredDocument.TryReadAsync(
                    store, key, RosterDocument.BytesMax, cancellationToken)
                ?? throw new FormatException($"it is larger than {RosterDocument.BytesMax} bytes");
            byte[] utf8 = stored.Utf8;
            return new Sha256Digest(SHA256.HashData(utf8)) == head.Manifest.Chain!.Roster.Sha256
                ? RepositoryJson.ReadRoster(utf8, $"{key}").Read()
                : throw new FormatException("its digest is not that in the manifest");
        }
        catch (Exception e) when (e is FormatException
            || e is BackupException
            {
                Reason: FailureReason.DataDamaged or FailureReason.ObjectNotFound
                or FailureReason.RepositoryUnsupported
            })
        {
            _findings.Add(
                $"{key} in {store.Address} cannot be read, so missing snapshots of its chain are not noticed: "
                + $"{e.Message.TrimEnd('.')}.");
            return [];
        }
    }
}

/// <summary>The result of <see cref="ChainCheck"/>.</summary>
/// <param name="Snapshots">The snapshots, in the order in which they were given.</param>
/// <param name="Chains">The chains that a trusted key signed.</param>
/// <param name="Findings">What is missing and what does not count, a sentence for each.</param>
internal sealed record CheckedChains(
    IReadOnlyList<Snapshot> Snapshots, IReadOnlyList<Chain> Chains, IReadOnlyList<string> Findings);
