using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Core.Stores;

namespace EtcdBackupAgent.Core.Copies;

/// <summary>Makes a far end a copy of a repository, before the first snapshot: the same ID, and the keys.</summary>
/// <remarks>
/// 1. If the far end is a repository, require that it has the same ID.
/// 2. Copy the keys, and then the other documents of the repository, if the far end does not have them.
/// 3. Copy <c>repository.json</c> last: only then is the far end a repository.
/// </remarks>
/// <param name="source">The repository.</param>
/// <param name="target">The far end.</param>
/// <param name="copy">Copies objects from one to the other.</param>
internal sealed class DocumentCopy(BackupRepository source, IObjectStore target, ObjectCopy copy)
{
    private static readonly ObjectKey Document = RepositoryDocuments.FirstKey;

    /// <summary>What belongs to the whole repository, besides its snapshots and its change logs.</summary>
    private static readonly string[] Prefixes =
        [ObjectRoots.Keys, ObjectRoots.Documents, ObjectRoots.Statements, RestoreNote.Root];

    /// <summary>Copies what the far end does not have.</summary>
    /// <param name="time">The clock of the opened far end.</param>
    /// <param name="warn">Receives which documents differ there. A copy never overwrites one.</param>
    /// <param name="cancellationToken">A cancelled call can be repeated.</param>
    /// <returns>The far end, open.</returns>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.RepositoryExists"/>: the far end is another repository; or a store's reason.
    /// </exception>
    public async Task<BackupRepository> ExecuteAsync(
        TimeProvider time, Action<string> warn, CancellationToken cancellationToken)
    {
        // 1. the ID
        await target.EnsureCreatedAsync(cancellationToken);
        if (await FindAsync(time, cancellationToken) is { } existing && existing.Document.Id != source.Document.Id)
        {
            throw new BackupException(
                FailureReason.RepositoryExists,
                $"{target.Address} is the repository {existing.Document.Id}, and not a copy of "
                + $"{source.Document.Id} at {source.Store.Address}.")
            {
                Hint = "Choose an empty directory, bucket or prefix. Nothing was changed.",
            };
        }

        // 2. the documents
        foreach (string prefix in Prefixes)
        {
            HashSet<ObjectKey> there = await target.ListAsync(prefix, cancellationToken)
                .Select(found => found.Key)
                .ToHashSetAsync(comparer: null, cancellationToken);
            await foreach (StoredObject found in source.Store.ListAsync(prefix, cancellationToken))
            {
                if (found.Key != Document && !there.Contains(found.Key))
                {
                    await copy.CopyAsync(found.Key, cancellationToken);
                }
            }
        }

        // 3. the repository
        if (await FindAsync(time, cancellationToken) is { } made)
        {
            if (!await copy.IsSameAsync(Document, cancellationToken))
            {
                warn($"{Document} in {target.Address} differs from that of {source.Store.Address}, whose recipients "
                    + "were changed. Snapshots are copied as they are. 'key replace-recipients' changes the copy too, "
                    + "if backups are ever to be made there.");
            }

            return made;
        }

        await copy.CopyAsync(Document, cancellationToken);
        return await BackupRepository.OpenAsync(target, time, cancellationToken);
    }

    private async Task<BackupRepository?> FindAsync(TimeProvider time, CancellationToken cancellationToken)
    {
        try
        {
            return await BackupRepository.OpenAsync(target, time, cancellationToken);
        }
        catch (BackupException e) when (e.Reason == FailureReason.RepositoryNotFound)
        {
            return null;
        }
    }
}
