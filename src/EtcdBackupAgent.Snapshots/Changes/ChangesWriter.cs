using System.Text;
using EtcdBackupAgent.Archive.Hashing;
using EtcdBackupAgent.Snapshots.Bolt;
using EtcdBackupAgent.Snapshots.Encoded;
using EtcdBackupAgent.Snapshots.Revisions;
using EtcdBackupAgent.Snapshots.Verification;

namespace EtcdBackupAgent.Snapshots.Changes;

/// <summary>
/// Writes what changed in a database since its base, in the format of <c>docs/spec/increments.md</c>. The base itself
/// is not read. At most one page of each level of a tree is in memory, and up to
/// <see cref="Supersession.KeysMax"/> keys for HashKV.
/// </summary>
internal sealed class ChangesWriter : IDisposable
{
    private static ReadOnlySpan<byte> KeyBucket => ChangesFormat.KeyBucket;

    private readonly BoltDatabase _database;
    private readonly ChangesBase _base;
    private readonly ChangesOutput _output;
    private readonly ContentDigest _content = new();
    private readonly EntryChain _entries = new();
    private long _kept;
    private long _new;
    private long _lastMain;

    /// <param name="database">The database with the changes.</param>
    /// <param name="base">The full snapshot to which they belong.</param>
    /// <param name="target">Takes the bytes. The caller keeps ownership.</param>
    /// <exception cref="ArgumentException">The base is not valid.</exception>
    public ChangesWriter(BoltDatabase database, ChangesBase @base, Stream target)
    {
        @base.Validate();
        (_database, _base, _output) = (database, @base, new ChangesOutput(target));
    }

    /// <summary>Writes the changes, once.</summary>
    /// <remarks>
    /// 1. Read the root bucket and the compaction, and find the compacted records that count for HashKV.
    /// 2. Write the header.
    /// 3. Write every bucket but <c>key</c> completely.
    /// 4. Write the records of <c>key</c>: the keys of those up to R0, and the later ones with their values.
    /// 5. Write the counts and the digests.
    /// </remarks>
    /// <exception cref="ChangesRefusedException">The format cannot describe the database.</exception>
    /// <exception cref="SnapshotDamagedException">A page is damaged.</exception>
    /// <exception cref="IOException">The database cannot be read, or the target cannot be written.</exception>
    public async Task<ChangesSummary> WriteAsync(CancellationToken cancellationToken)
    {
        // 1. what the file is
        (int buckets, ulong keySequence) = ReadRoot();
        Compaction compaction = Compaction.Read(_database);
        HashKvComputation hash = HashKvComputation.Prepare(
            _database, long.MaxValue, compaction.Revision, Supersession.KeysMax, cancellationToken);

        // 2. the header
        _output.Append(ChangesFormat.Magic);
        _output.AppendVarint((ulong)_base.Id.Length);
        _output.Append(Encoding.ASCII.GetBytes(_base.Id));
        _base.ManifestSha256.CopyTo(_output.Free);
        _output.Use(Sha256Digest.SizeBytes);
        _output.AppendVarint((ulong)_base.Revision);
        _output.AppendVarint((ulong)_database.PageSizeBytes);
        _output.AppendVarint(keySequence);
        _output.AppendVarint((ulong)buckets);

        // 3. etcd's small buckets
        BoltCursor root = _database.Root();
        for (bool more = root.MoveToFirst(); more; more = root.MoveNext())
        {
            if (!root.Key.SequenceEqual(KeyBucket))
            {
                await WriteBucketAsync(root, cancellationToken);
            }
        }

        // 4. the records
        _content.BeginBucket(KeyBucket, keySequence);
        await WriteRecordsAsync(_database.Bucket(KeyBucket)!, hash, cancellationToken);
        _content.EndBucket();

        // 5. the end
        Sha256Digest content = _content.Finish();
        await _output.ReserveAsync((2 * Varint.BytesMax) + ChangesFormat.DigestBytes, cancellationToken);
        _output.AppendVarint((ulong)_kept);
        _output.AppendVarint((ulong)_new);
        content.CopyTo(_output.Free);
        _output.Use(Sha256Digest.SizeBytes);
        await _output.FinishAsync(cancellationToken);
        return SummaryOf(compaction, hash, content);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _output.Dispose();
        _content.Dispose();
    }

    /// <summary>Returns the number of buckets besides <c>key</c>, and the sequence of that.</summary>
    private (int Buckets, ulong KeySequence) ReadRoot()
    {
        int buckets = 0;
        ulong? keySequence = null;
        BoltCursor root = _database.Root();
        for (bool more = root.MoveToFirst(); more; more = root.MoveNext())
        {
            if (!root.IsBucket)
            {
                throw Refused(ChangesRefusal.NestedBucket, root, "an element of the root bucket is not a bucket");
            }

            if (root.Key.SequenceEqual(KeyBucket))
            {
                keySequence = root.BucketSequence;
            }
            else if (++buckets > ChangesFormat.BucketsMax || root.Key.Length > ChangesFormat.NameBytesMax)
            {
                throw Refused(
                    ChangesRefusal.LimitExceeded,
                    root,
                    $"there are more than {ChangesFormat.BucketsMax} buckets, or a name has more than "
                    + $"{ChangesFormat.NameBytesMax} bytes");
            }
        }

        return keySequence is { } sequence
            ? (buckets, sequence)
            : throw new ChangesRefusedException(
                ChangesRefusal.NoKeyBucket, "The database has no bucket 'key', where etcd stores all keys.");
    }

    private async ValueTask WriteBucketAsync(BoltCursor root, CancellationToken cancellationToken)
    {
        _content.BeginBucket(root.Key, root.BucketSequence);
        await WriteKeyAsync(root, cancellationToken);
        await _output.ReserveAsync(Varint.BytesMax, cancellationToken);
        _output.AppendVarint(root.BucketSequence);
        BoltCursor cursor = root.OpenBucket();
        for (bool more = cursor.MoveToFirst(); more; more = cursor.MoveNext())
        {
            cancellationToken.ThrowIfCancellationRequested();
            ThrowIfNested(cursor);
            _content.Add(cursor.Key, cursor.Value);
            await WriteKeyAsync(cursor, cancellationToken);
            await WriteValueAsync(cursor, cancellationToken);
        }

        await _output.ReserveAsync(1, cancellationToken);
        _output.AppendVarint(ChangesFormat.ListEnd);
        _content.EndBucket();
    }

    private async ValueTask WriteRecordsAsync(
        BoltCursor cursor, HashKvComputation hash, CancellationToken cancellationToken)
    {
        bool isNew = false;
        for (bool more = cursor.MoveToFirst(); more; more = cursor.MoveNext())
        {
            cancellationToken.ThrowIfCancellationRequested();
            RevisionKey key = AddRecord(cursor, hash);
            await _output.ReserveAsync(1 + ChangesFormat.EntryBytesMax, cancellationToken);
            if (!isNew && key.Main > _base.Revision)
            {
                isNew = true;
                _output.AppendVarint(ChangesFormat.ListEnd);
            }

            _output.Use(_entries.Write(_output.Free, key));
            if (isNew)
            {
                _new++;
                await WriteValueAsync(cursor, cancellationToken);
            }
            else
            {
                _kept++;
            }
        }

        await _output.ReserveAsync(2, cancellationToken);
        if (!isNew)
        {
            _output.AppendVarint(ChangesFormat.ListEnd);
        }

        _output.AppendVarint(ChangesFormat.ListEnd);
    }

    /// <summary>Checks the record at a cursor, and adds it to HashKV and to the content.</summary>
    private RevisionKey AddRecord(BoltCursor cursor, HashKvComputation hash)
    {
        ThrowIfNested(cursor);
        if (!RevisionEntry.TryRead(cursor, _kept + _new, out RevisionEntry entry, out string? problem))
        {
            throw Refused(ChangesRefusal.NotRecord, cursor, problem!);
        }

        if (_entries.FindProblem(entry.Key.Revision) is { } order)
        {
            throw Refused(
                entry.Key.Main == _lastMain ? ChangesRefusal.NotRecord : ChangesRefusal.LimitExceeded, cursor, order);
        }

        _lastMain = entry.Key.Main;
        hash.Add(entry);
        _content.Add(entry.RawKey, entry.RawValue);
        return entry.Key;
    }

    private ChangesSummary SummaryOf(Compaction compaction, HashKvComputation hash, Sha256Digest content)
    {
        // The revision of an empty store is 1.
        long last = Math.Max(Math.Max(1, _lastMain), compaction.Revision);
        return new ChangesSummary
        {
            KeptRecords = _kept,
            NewRecords = _new,
            LastRevision = last,
            Compaction = compaction,
            ComputedHashKv = new HashKv
            {
                Revision = last,
                Hash = hash.Hash,
                CompactRevision = compaction.Revision,
            },
            Content = content,
            SizeBytes = _output.SizeBytes,
        };
    }

    private ValueTask WriteKeyAsync(BoltCursor cursor, CancellationToken cancellationToken) =>
        WriteBytesAsync(cursor, static cursor => cursor.Key, cancellationToken);

    private ValueTask WriteValueAsync(BoltCursor cursor, CancellationToken cancellationToken) =>
        WriteBytesAsync(cursor, static cursor => cursor.Value, cancellationToken);

    /// <summary>Writes a length and bytes of the element at a cursor, in pieces that fit into the buffer.</summary>
    private async ValueTask WriteBytesAsync(
        BoltCursor cursor, BytesOfElement bytes, CancellationToken cancellationToken)
    {
        await _output.ReserveAsync(Varint.BytesMax, cancellationToken);
        int length = bytes(cursor).Length;
        _output.AppendVarint((ulong)length);
        for (int written = _output.AppendSome(bytes(cursor)); written < length;)
        {
            await _output.FlushAsync(cancellationToken);
            written += _output.AppendSome(bytes(cursor)[written..]);
        }
    }

    private static void ThrowIfNested(BoltCursor cursor)
    {
        if (cursor.IsBucket)
        {
            throw Refused(ChangesRefusal.NestedBucket, cursor, "it has a bucket within a bucket");
        }
    }

    private static ChangesRefusedException Refused(ChangesRefusal reason, BoltCursor cursor, string problem) =>
        new(reason, $"The changes cannot be written: page {cursor.PageId}: {problem}.");

    private delegate ReadOnlySpan<byte> BytesOfElement(BoltCursor cursor);
}
