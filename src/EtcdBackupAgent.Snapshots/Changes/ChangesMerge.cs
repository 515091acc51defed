using EtcdBackupAgent.Archive.Hashing;
using EtcdBackupAgent.Snapshots.Bolt;
using Microsoft.Win32.SafeHandles;

namespace EtcdBackupAgent.Snapshots.Changes;

/// <summary>
/// Restores the database that changes describe from them and their base, in one pass over both. Memory does not depend
/// on their sizes, only on the largest element.
/// </summary>
public sealed class ChangesMerge
{
    private readonly BoltDatabase _source;
    private readonly ChangesBase _base;

    private ChangesMerge(BoltDatabase source, ChangesBase @base) => (_source, _base) = (source, @base);

    /// <summary>Opens the database of a base; reads only its metas yet.</summary>
    /// <param name="basePages">The database of the base. It is read until the merge is done.</param>
    /// <param name="baseBytes">The size of that database, without etcd's trailer.</param>
    /// <param name="base">The base, which the changes must name.</param>
    /// <exception cref="SnapshotDamagedException">The metas are damaged.</exception>
    /// <exception cref="IOException">The database cannot be read.</exception>
    public static ChangesMerge Open(IPageSource basePages, long baseBytes, ChangesBase @base)
    {
        try
        {
            return new ChangesMerge(BoltDatabase.Open(basePages, baseBytes), @base);
        }
        catch (SnapshotDamagedException e)
        {
            throw BaseRecords.OfBase(e);
        }
    }

    /// <summary>Writes the restored database.</summary>
    /// <param name="changes">The changes, read to their end. The caller keeps ownership.</param>
    /// <param name="target">
    /// An empty file, open for writing. The caller keeps ownership. After a failure it is not a valid database.
    /// </param>
    /// <param name="cancellationToken">A cancelled merge leaves a file that is not a valid database.</param>
    /// <exception cref="BaseMismatchException">Base and changes do not belong together.</exception>
    /// <exception cref="SnapshotDamagedException">The base or the changes are damaged.</exception>
    /// <exception cref="IOException">The base or the changes cannot be read, or the file cannot be written.</exception>
    public async Task<MergeSummary> WriteAsync(
        Stream changes, SafeFileHandle target, CancellationToken cancellationToken)
    {
        using ChangesReader reader = await OpenAsync(changes, cancellationToken);
        using BoltWriter writer = new(target, reader.Header.PageSizeBytes);
        Sha256Digest content = await MergeAsync(reader, writer, cancellationToken);
        return SummaryOf(reader, content, writer.Finish(_source.Meta.TransactionId + 1));
    }

    /// <summary>Checks that the database can be restored, but writes nothing.</summary>
    /// <inheritdoc cref="WriteAsync" path="/exception"/>
    public async Task<MergeSummary> CheckAsync(Stream changes, CancellationToken cancellationToken)
    {
        using ChangesReader reader = await OpenAsync(changes, cancellationToken);
        Sha256Digest content = await MergeAsync(reader, target: null, cancellationToken);
        return SummaryOf(reader, content, databaseBytes: 0);
    }

    /// <summary>Reads the header and compares the base that it names.</summary>
    private async Task<ChangesReader> OpenAsync(Stream changes, CancellationToken cancellationToken)
    {
        ChangesReader reader = await ChangesReader.OpenAsync(changes, cancellationToken);
        ChangesBase named = reader.Header.Base;
        if (named != _base)
        {
            reader.Dispose();
            throw new BaseMismatchException(
                $"the changes belong to {TextOf(named)}, but the base is {TextOf(_base)}");
        }

        return reader;
    }

    /// <summary>Merges the buckets and compares the digest of the result.</summary>
    /// <remarks>
    /// The buckets are those of the changes. In <c>key</c>, each kept record is the base's with the same key. The
    /// other records of the base are skipped: later compactions removed them, or they are newer than R0 and among the
    /// new records.
    /// </remarks>
    private async Task<Sha256Digest> MergeAsync(
        ChangesReader changes, BoltWriter? target, CancellationToken cancellationToken)
    {
        BaseRecords records = new(_source);
        using ContentDigest content = new();
        bool isFirst = true;
        while (await changes.MoveNextAsync(cancellationToken))
        {
            cancellationToken.ThrowIfCancellationRequested();
            switch (changes.Item)
            {
                case ChangesItem.Bucket:
                    if (!isFirst)
                    {
                        content.EndBucket();
                        target?.EndBucket();
                    }

                    isFirst = false;
                    content.BeginBucket(changes.Name, changes.Sequence);
                    target?.BeginBucket(changes.Name, changes.Sequence);
                    break;
                case ChangesItem.Kept:
                    if (!records.TryMoveTo(changes.Key))
                    {
                        throw await MissingAsync(changes, cancellationToken);
                    }

                    Add(changes.Key, records.Value);
                    break;
                default:
                    Add(changes.Key, changes.Value);
                    break;
            }
        }

        content.EndBucket();
        target?.EndBucket();
        Sha256Digest computed = content.Finish();
        return computed == changes.Content
            ? computed
            : throw new BaseMismatchException(
                $"the restored content has the digest {computed}, but the changes require {changes.Content}");

        void Add(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
        {
            content.Add(key, value);
            target?.Add(key, value);
        }
    }

    /// <summary>
    /// Returns the exception for a kept record that the base does not have. Reads the changes to their end first: if
    /// they are damaged, that is the reason, and is thrown instead.
    /// </summary>
    private static async Task<BaseMismatchException> MissingAsync(
        ChangesReader changes, CancellationToken cancellationToken)
    {
        string missing = $"the base has no revision {changes.Revision.Revision}";
        while (await changes.MoveNextAsync(cancellationToken))
        {
            cancellationToken.ThrowIfCancellationRequested();
        }

        return new BaseMismatchException(missing);
    }

    private static MergeSummary SummaryOf(ChangesReader changes, Sha256Digest content, long databaseBytes) => new()
    {
        KeptRecords = changes.KeptRecords,
        NewRecords = changes.NewRecords,
        Content = content,
        DatabaseBytes = databaseBytes,
    };

    private static string TextOf(ChangesBase named) =>
        $"{named.Id} with the manifest {named.ManifestSha256} and R0 {named.Revision}";
}
