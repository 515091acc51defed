using System.Collections.Concurrent;
using System.Security.Cryptography;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.History;
using EtcdBackupAgent.Core.Signatures;
using EtcdBackupAgent.Core.Stores;

namespace EtcdBackupAgent.Core.Statements;

/// <summary>A statement and the object that contains it.</summary>
internal sealed record NamedStatement(ObjectKey Key, Statement Statement);

/// <summary>Reads and writes the statements of a repository.</summary>
/// <param name="store">The store of the repository.</param>
/// <param name="signed">Signs them, and checks their signatures.</param>
/// <param name="repositoryId">The repository that they must be made for.</param>
/// <param name="time">Dates them. One that is dated in the future does not count.</param>
internal sealed class StatementRecords(
    IObjectStore store, SignedDocuments signed, string repositoryId, TimeProvider time)
{
    /// <summary>The number of statements that are read at the same time.</summary>
    private const int ReadsInFlightMax = 16;

    private const int SuffixDigits = 8;
    private const string NameEnd = ".json";

    /// <summary>Reads all statements.</summary>
    /// <exception cref="BackupException">With the store's reason.</exception>
    public async Task<StatedFacts> ReadAsync(CancellationToken cancellationToken)
    {
        ConcurrentBag<NamedStatement> counting = [];
        ConcurrentBag<string> ignored = [];
        List<ObjectKey> keys = await store.ListAsync(ObjectRoots.Statements, cancellationToken)
            .Select(found => found.Key)
            .Where(key => key.Value.EndsWith(NameEnd, StringComparison.Ordinal))
            .ToListAsync(cancellationToken);
        await Parallel.ForEachAsync(
            keys,
            new ParallelOptions { MaxDegreeOfParallelism = ReadsInFlightMax, CancellationToken = cancellationToken },
            async (key, token) =>
            {
                try
                {
                    (Statement statement, string? problem) = await ReadAsync(key, token);
                    if (problem is null)
                    {
                        counting.Add(new NamedStatement(key, statement));
                    }
                    else
                    {
                        ignored.Add($"{key} in {store.Address} does not count: {problem}.");
                    }
                }
                catch (BackupException e)
                    when (e.Reason is FailureReason.DataDamaged or FailureReason.RepositoryUnsupported)
                {
                    ignored.Add(e.Message);
                }
                catch (BackupException e) when (e.Reason == FailureReason.ObjectNotFound)
                {
                    // Another process removed it after the listing.
                }
            });
        return new StatedFacts(counting, [.. ignored.Order(StringComparer.Ordinal)]);
    }

    /// <summary>Stores a statement, signed if the repository has signers.</summary>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.KeyRefused"/> without the key of a signer, or the store's reason.
    /// </exception>
    public async Task<Statement> AddAsync(
        StatementKind kind,
        IReadOnlyList<StatedSnapshot> snapshots,
        StatementWords words,
        CancellationToken cancellationToken)
    {
        Statement statement = new()
        {
            FormatVersion = RepositoryJson.FormatVersion,
            RepositoryId = repositoryId,
            Kind = kind,
            MadeAt = time.GetUtcNow(),
            By = words.By,
            Reason = words.Reason,
            AgentVersion = words.AgentVersion,
            Snapshots = snapshots,
        };
        byte[] utf8 = RepositoryJson.Write(statement);
        ObjectKey key = new(
            $"{ObjectRoots.Statements}{NameTime.Text(statement.MadeAt)}"
            + $"-{RandomNumberGenerator.GetHexString(SuffixDigits, lowercase: true)}{NameEnd}");
        await signed.SignAsync(key, SignatureNamespace.Statement, utf8, cancellationToken);
        return await store.TryCreateAsync(key, utf8, cancellationToken)
            ? statement
            : throw new BackupException(
                FailureReason.StoreFailed, $"{key} in {store.Address} exists already. Repeat the command.");
    }

    /// <summary>
    /// Removes statements, and their signatures after them. Those that are locked stay; a later call removes them.
    /// </summary>
    /// <exception cref="BackupException">With the store's reason.</exception>
    public async Task RemoveAsync(IReadOnlyCollection<ObjectKey> keys, CancellationToken cancellationToken)
    {
        try
        {
            await store.DeleteAsync(keys, cancellationToken);
            await store.DeleteAsync([.. keys.Select(SignedDocuments.KeyOf)], cancellationToken);
        }
        catch (BackupException e) when (e.Reason == FailureReason.ObjectLocked)
        {
            // A statement that says nothing any more does no harm.
        }
    }

    private async Task<(Statement Statement, string? Problem)> ReadAsync(
        ObjectKey key, CancellationToken cancellationToken)
    {
        byte[] utf8 = (await StoredDocument.ReadAsync(store, key, cancellationToken)).Utf8;
        Statement statement = RepositoryJson.ReadStatement(utf8, $"{key} in {store.Address}");
        DocumentSignature signature = await signed.CheckAsync(
            key, SignatureNamespace.Statement, utf8, cancellationToken);
        return (statement,
            signature.Problem
            ?? (statement.RepositoryId != repositoryId ? $"it was made for repository {statement.RepositoryId}"
                : ClockTolerance.IsFuture(statement.MadeAt, time.GetUtcNow()) ? "it is dated in the future"
                : null));
    }
}

/// <summary>Who makes a statement, and why.</summary>
/// <param name="AgentVersion">The version of this agent.</param>
/// <param name="By">Who, in the words of the user; null for nobody.</param>
/// <param name="Reason">Why, in the words of the user; null for no reason.</param>
public sealed record StatementWords(string AgentVersion, string? By = null, string? Reason = null);
