using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Stores;

namespace EtcdBackupAgent.Core.ChangeLog;

/// <summary>A segment that exists.</summary>
/// <param name="Name">The name.</param>
/// <param name="SizeBytes">The size of the object.</param>
public sealed record StoredSegment(SegmentName Name, long SizeBytes);

/// <summary>A lineage that exists, with its segments in the order of their revisions.</summary>
public sealed record LogLineage
{
    /// <summary>The name.</summary>
    public required LineageId Id { get; init; }

    /// <summary>The document; null if <see cref="Problem"/> says why there is none.</summary>
    public required LineageDocument? Document { get; init; }

    /// <summary>Why the document is missing or cannot be read.</summary>
    public BackupException? Problem { get; init; }

    /// <summary>The segments, by their first and then by their last revision.</summary>
    public required IReadOnlyList<StoredSegment> Segments { get; init; }

    /// <summary>The proofs, by their first revision.</summary>
    public IReadOnlyList<ProvenRevisions> Proofs { get; init; } = [];
}

/// <summary>The change logs of a repository, as one listing and the documents of the lineages tell.</summary>
public sealed record LogInventory
{
    /// <summary>All lineages, by the time at which they began; one with a successor comes before it.</summary>
    public required IReadOnlyList<LogLineage> Lineages { get; init; }

    /// <summary>Reads the names of all segments, and the document of each lineage.</summary>
    /// <exception cref="BackupException">With the store's reason.</exception>
    public static async Task<LogInventory> ReadAsync(IObjectStore store, CancellationToken cancellationToken)
    {
        // 1. the names
        Dictionary<LineageId, ListedLineage> listed = [];
        await foreach (StoredObject found in store.ListAsync(SegmentName.Root, cancellationToken))
        {
            if (SegmentName.TryParse(found.Key, out SegmentName? name))
            {
                ListedOf(name.Lineage).Segments.Add(new StoredSegment(name, found.SizeBytes));
            }
            else if (found.Key.Value[SegmentName.Root.Length..].Split('/') is [string text, string file]
                && LineageId.TryParse(text, out LineageId lineage))
            {
                if (LogProof.RevisionsOf(file) is { } proven)
                {
                    ListedOf(lineage).Proofs.Add(proven);
                }
                else if (found.Key == LineageDocument.KeyOf(lineage))
                {
                    ListedOf(lineage);
                }
            }
        }

        // 2. the documents
        LogLineage[] lineages = await Task.WhenAll(listed.Select(
            lineage => ReadAsync(store, lineage.Key, lineage.Value, cancellationToken)));
        HashSet<LineageId> previous = [.. lineages.Select(l => l.Document?.Previous).OfType<LineageId>()];
        return new LogInventory
        {
            Lineages =
            [
                .. lineages
                    .OrderBy(l => l.Document?.StartedAt)
                    .ThenByDescending(l => previous.Contains(l.Id))
                    .ThenBy(l => l.Id.Value, StringComparer.Ordinal),
            ],
        };

        ListedLineage ListedOf(LineageId id)
        {
            if (!listed.TryGetValue(id, out ListedLineage? found))
            {
                listed.Add(id, found = new ListedLineage([], []));
            }

            return found;
        }
    }

    private static async Task<LogLineage> ReadAsync(
        IObjectStore store, LineageId id, ListedLineage listed, CancellationToken cancellationToken)
    {
        LogLineage lineage = new()
        {
            Id = id,
            Document = null,
            Segments =
            [
                .. listed.Segments.OrderBy(s => s.Name.First).ThenBy(s => s.Name.Last).ThenBy(s => s.Name.End),
            ],
            Proofs = [.. listed.Proofs.OrderBy(p => p.From).ThenBy(p => p.To)],
        };
        ObjectKey key = LineageDocument.KeyOf(id);
        string what = $"{key} in {store.Address}";
        try
        {
            LineageDocument document = RepositoryJson.ReadLineage(
                (await StoredDocument.ReadAsync(store, key, cancellationToken)).Utf8, what);
            return document.Id == id
                ? lineage with { Document = document }
                : throw new BackupException(FailureReason.DataDamaged, $"{what} is damaged: it is of {document.Id}.");
        }
        catch (BackupException e) when (e.Reason
            is FailureReason.DataDamaged or FailureReason.RepositoryUnsupported or FailureReason.ObjectNotFound)
        {
            return lineage with { Problem = e };
        }
    }

    /// <summary>What a listing shows about a lineage.</summary>
    private sealed record ListedLineage(List<StoredSegment> Segments, List<ProvenRevisions> Proofs);
}
