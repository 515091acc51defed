using System.Collections.Concurrent;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Stores;

namespace EtcdBackupAgent.Core.Repository;

/// <summary>The restore notes in a repository.</summary>
public sealed class RestoreNotes(IObjectStore store)
{
    /// <summary>Reads all notes; for each unreadable note it returns the reason.</summary>
    /// <exception cref="BackupException">With the store's reason.</exception>
    internal async Task<(IReadOnlyCollection<RestoreNote> Notes, IReadOnlyList<BackupException> Unreadable)> ReadAsync(
        CancellationToken cancellationToken)
    {
        List<ObjectKey> keys = await store.ListAsync(RestoreNote.Root, cancellationToken)
            .Select(found => found.Key)
            .Where(IsNote)
            .ToListAsync(cancellationToken);
        ConcurrentBag<RestoreNote> notes = [];
        ConcurrentBag<BackupException> unreadable = [];
        ParallelOptions several = new()
        {
            MaxDegreeOfParallelism = SnapshotReader.ManifestReadsInFlightMax,
            CancellationToken = cancellationToken,
        };
        await Parallel.ForEachAsync(keys, several, async (key, token) =>
        {
            try
            {
                notes.Add(await ReadAsync(key, token));
            }
            catch (BackupException e)
                when (e.Reason is FailureReason.DataDamaged or FailureReason.RepositoryUnsupported)
            {
                unreadable.Add(e);
            }
            catch (BackupException e) when (e.Reason == FailureReason.ObjectNotFound)
            {
                // Removed after the listing.
            }
        });
        return (notes, [.. unreadable.OrderBy(e => e.Message, StringComparer.Ordinal)]);
    }

    /// <summary>
    /// Writes the note that a cluster was restored from a snapshot, unless it exists: the restores of all members write
    /// the same note. No note is written if the cluster has kept its ID.
    /// </summary>
    /// <exception cref="BackupException">With the store's reason.</exception>
    public async Task AddAsync(
        EtcdId cluster,
        SnapshotManifest restored,
        string agentVersion,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        if (cluster == restored.ClusterId)
        {
            return;
        }

        RestoreNote note = new()
        {
            FormatVersion = RepositoryJson.FormatVersion,
            ClusterId = cluster,
            PreviousClusterId = restored.ClusterId,
            SnapshotId = restored.Id,
            NotedAt = time.GetUtcNow(),
            AgentVersion = agentVersion,
        };
        await store.TryCreateAsync(note.Key, RepositoryJson.Write(note), cancellationToken);
    }

    /// <summary>Returns whether a key has the form <c>restores/CLUSTER-SNAPSHOT.json</c>.</summary>
    private static bool IsNote(ObjectKey key) =>
        key.Value.EndsWith(".json", StringComparison.Ordinal)
        && key.Value[RestoreNote.Root.Length..^".json".Length].Split('-') is [string cluster, string snapshot]
        && EtcdId.TryParse(cluster, out EtcdId id) && $"{id}" == cluster
        && SnapshotId.TryParse(snapshot, out _);

    private async Task<RestoreNote> ReadAsync(ObjectKey key, CancellationToken cancellationToken)
    {
        string what = $"{key} in {store.Address}";
        RestoreNote note = RepositoryJson.ReadNote(
            (await StoredDocument.ReadAsync(store, key, cancellationToken)).Utf8, what);
        return note.Key == key
            ? note
            : throw new BackupException(FailureReason.DataDamaged, $"{what} is damaged: it is the note {note.Key}.");
    }
}
