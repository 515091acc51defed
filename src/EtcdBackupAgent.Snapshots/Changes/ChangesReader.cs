using System.Text;
using EtcdBackupAgent.Archive.Hashing;
using EtcdBackupAgent.Snapshots.Bolt;
using EtcdBackupAgent.Snapshots.Encoded;
using EtcdBackupAgent.Snapshots.Revisions;

namespace EtcdBackupAgent.Snapshots.Changes;

/// <summary>
/// Reads changes forward only, in the format of <c>docs/spec/increments.md</c>, and checks everything that can be
/// checked without the base: limits, orders, counts and the digest. Only the current element is in memory.
/// </summary>
/// <remarks>
/// What was read may be trusted only after <see cref="MoveNextAsync"/> has returned false: the digest is at the end.
/// All moves throw <see cref="SnapshotDamagedException"/> if the changes are damaged, and <see cref="IOException"/> if
/// they cannot be read. Spans are valid until the next move.
/// </remarks>
internal sealed class ChangesReader : IDisposable
{
    private readonly EncodedInput _input;
    private readonly EntryChain _entries = new();
    private readonly byte[] _rawRevision = new byte[RevisionKey.TombstoneSizeBytes];
    private GrowingBytes _name = new();
    private GrowingBytes _previousName = new();
    private GrowingBytes _key = new();
    private GrowingBytes _previousKey = new();
    private readonly GrowingBytes _value = new();
    private Phase _phase = Phase.Buckets;
    private int _bucketsRead;

    private ChangesReader(EncodedInput input, ChangesHeader header) => (_input, Header) = (input, header);

    private enum Phase
    {
        Buckets,
        Elements,
        Kept,
        New,
    }

    public ChangesHeader Header { get; }

    /// <summary>The kind of the current item.</summary>
    public ChangesItem Item { get; private set; }

    /// <summary>The name of the current bucket.</summary>
    public ReadOnlySpan<byte> Name => _name.Span;

    /// <summary>The sequence of the current bucket.</summary>
    public ulong Sequence { get; private set; }

    /// <summary>The revision of a kept or new record.</summary>
    public RevisionKey Revision { get; private set; }

    /// <summary>The key of an element or of a record, as stored.</summary>
    public ReadOnlySpan<byte> Key => Item == ChangesItem.Element
        ? _key.Span
        : _rawRevision.AsSpan(0, Revision.IsTombstone ? RevisionKey.TombstoneSizeBytes : RevisionKey.SizeBytes);

    /// <summary>The value of an element or of a new record.</summary>
    public ReadOnlySpan<byte> Value => _value.Span;

    /// <summary>The number of kept records so far.</summary>
    public long KeptRecords { get; private set; }

    /// <summary>The number of new records so far.</summary>
    public long NewRecords { get; private set; }

    /// <summary>The digest that the restored content must have; known at the end.</summary>
    public Sha256Digest Content { get; private set; }

    /// <summary>Reads the header.</summary>
    /// <param name="source">The changes. The caller keeps ownership.</param>
    /// <param name="cancellationToken">Cancels the read.</param>
    /// <exception cref="SnapshotDamagedException">The header is damaged.</exception>
    /// <exception cref="IOException">The changes cannot be read.</exception>
    public static async Task<ChangesReader> OpenAsync(Stream source, CancellationToken cancellationToken)
    {
        EncodedInput input = new(source, ChangesFormat.Damage);
        try
        {
            return new ChangesReader(input, await ReadHeaderAsync(input, cancellationToken));
        }
        catch
        {
            input.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Moves to the next item: each bucket is followed by its elements. The last bucket is <c>key</c>, followed by the
    /// kept records and then the new ones.
    /// </summary>
    /// <returns>False at the end, after the counts and the digest were compared.</returns>
    public async ValueTask<bool> MoveNextAsync(CancellationToken cancellationToken)
    {
        if (_phase == Phase.Elements && !await TryReadElementAsync(cancellationToken))
        {
            _phase = Phase.Buckets;
        }

        if (_phase == Phase.Buckets)
        {
            await ReadBucketAsync(cancellationToken);
            return true;
        }

        if (_phase == Phase.Kept && !await TryReadEntryAsync(cancellationToken))
        {
            _phase = Phase.New;
            _input.Part = "the new records";
        }

        if (_phase == Phase.New && !await TryReadEntryAsync(cancellationToken))
        {
            await ReadEndAsync(cancellationToken);
            return false;
        }

        return true;
    }

    /// <inheritdoc/>
    public void Dispose() => _input.Dispose();

    private static async ValueTask<ChangesHeader> ReadHeaderAsync(
        EncodedInput input, CancellationToken cancellationToken)
    {
        byte[] magic = await input.ReadFixedAsync(ChangesFormat.Magic.Length, cancellationToken);
        if (!magic.AsSpan().SequenceEqual(ChangesFormat.Magic))
        {
            throw new SnapshotDamagedException(
                "the changes are damaged: they do not begin with the signature of the format");
        }

        int idBytes = (int)await input.ReadVarintAsync(
            "the length of the base's ID", ChangesFormat.BaseIdBytesMax, cancellationToken);
        string id = Encoding.Latin1.GetString(await input.ReadFixedAsync(idBytes, cancellationToken));
        if (id.Length == 0 || !id.All(ChangesBase.IsIdCharacter))
        {
            throw input.Damaged("the ID of the base is not printable ASCII");
        }

        Sha256Digest manifest = new(await input.ReadFixedAsync(ChangesFormat.DigestBytes, cancellationToken));
        ulong revision = await input.ReadVarintAsync("the base's revision", long.MaxValue, cancellationToken);
        ulong pageSize = await input.ReadVarintAsync(
            "the page size", BoltFormat.PageSizeBytesMax, cancellationToken);
        if (!ulong.IsPow2(pageSize) || pageSize < BoltFormat.PageSizeBytesMin)
        {
            throw input.Damaged($"the page size is {pageSize}, which is not a power of two from 1 KiB to 16 MiB");
        }

        ulong sequence = await input.ReadVarintAsync("the sequence of 'key'", ulong.MaxValue, cancellationToken);
        ulong buckets = await input.ReadVarintAsync(
            "the number of buckets", ChangesFormat.BucketsMax, cancellationToken);
        return new ChangesHeader
        {
            Base = new ChangesBase { Id = id, ManifestSha256 = manifest, Revision = (long)revision },
            PageSizeBytes = (int)pageSize,
            KeySequence = sequence,
            Buckets = (int)buckets,
        };
    }

    private async ValueTask ReadBucketAsync(CancellationToken cancellationToken)
    {
        Item = ChangesItem.Bucket;
        (_name, _previousName) = (_previousName, _name);
        if (_bucketsRead == Header.Buckets)
        {
            _phase = Phase.Kept;
            _input.Part = "the kept records";
            _name.Clear();
            _name.Append(ChangesFormat.KeyBucket);
            Sequence = Header.KeySequence;
            return;
        }

        _bucketsRead++;
        _phase = Phase.Elements;
        _input.Part = $"bucket {_bucketsRead} of {Header.Buckets}";
        int length = (int)await _input.ReadVarintAsync(
            "the length of the name", ChangesFormat.NameBytesMax, cancellationToken);
        await _input.ReadBytesAsync(_name, length, cancellationToken);
        if (Name.SequenceCompareTo(_previousName.Span) <= 0 || Name.SequenceEqual(ChangesFormat.KeyBucket))
        {
            throw _input.Damaged("its name is empty, or 'key', or not above the previous one");
        }

        Sequence = await _input.ReadVarintAsync("the sequence", ulong.MaxValue, cancellationToken);
        _key.Clear();
    }

    private async ValueTask<bool> TryReadElementAsync(CancellationToken cancellationToken)
    {
        int length = (int)await _input.ReadVarintAsync(
            "the length of a key", ChangesFormat.ElementBytesMax, cancellationToken);
        if (length == ChangesFormat.ListEnd)
        {
            return false;
        }

        (_key, _previousKey) = (_previousKey, _key);
        await _input.ReadBytesAsync(_key, length, cancellationToken);
        if (_key.Span.SequenceCompareTo(_previousKey.Span) <= 0)
        {
            throw _input.Damaged("a key is not above the previous one");
        }

        Item = ChangesItem.Element;
        await ReadValueAsync(ChangesFormat.ElementBytesMax - length, cancellationToken);
        return true;
    }

    /// <summary>Reads a kept or a new record. Returns false at the end of the list.</summary>
    private async ValueTask<bool> TryReadEntryAsync(CancellationToken cancellationToken)
    {
        await _input.EnsureAsync(ChangesFormat.EntryBytesMax, cancellationToken);
        int length = _entries.Read(_input.Unused, out RevisionKey? entry, out string? problem);
        if (problem is not null)
        {
            throw _input.Damaged(problem);
        }

        if (entry is not { } key)
        {
            _input.Use(length);
            return false;
        }

        bool isNew = _phase == Phase.New;
        if (isNew != key.Main > Header.Base.Revision)
        {
            throw _input.Damaged(
                $"revision {key.Revision} is {(isNew ? "new" : "kept")}, but R0 is {Header.Base.Revision}");
        }

        _input.Use(length);
        Revision = key;
        key.Write(_rawRevision);
        if (isNew)
        {
            Item = ChangesItem.New;
            NewRecords++;
            await ReadValueAsync(ChangesFormat.ElementBytesMax - RevisionKey.TombstoneSizeBytes, cancellationToken);
        }
        else
        {
            Item = ChangesItem.Kept;
            KeptRecords++;
        }

        return true;
    }

    private async ValueTask ReadValueAsync(int bytesMax, CancellationToken cancellationToken)
    {
        int length = (int)await _input.ReadVarintAsync("the length of a value", (ulong)bytesMax, cancellationToken);
        await _input.ReadBytesAsync(_value, length, cancellationToken);
    }

    private async ValueTask ReadEndAsync(CancellationToken cancellationToken)
    {
        _input.Part = "the end";
        ulong kept = await _input.ReadVarintAsync("the number of kept records", long.MaxValue, cancellationToken);
        ulong added = await _input.ReadVarintAsync("the number of new records", long.MaxValue, cancellationToken);
        if (kept != (ulong)KeptRecords || added != (ulong)NewRecords)
        {
            throw _input.Damaged(
                $"there are {KeptRecords} kept and {NewRecords} new records, but {kept} and {added} were written");
        }

        Content = new Sha256Digest(await _input.ReadFixedAsync(ChangesFormat.DigestBytes, cancellationToken));
        byte[] computed = _input.FinishDigest();
        byte[] written = await _input.ReadFixedAsync(ChangesFormat.DigestBytes, cancellationToken);
        if (!computed.AsSpan().SequenceEqual(written))
        {
            throw _input.Damaged("the digest of the changes is wrong");
        }

        await _input.EnsureAsync(1, cancellationToken);
        if (!_input.Unused.IsEmpty)
        {
            throw _input.Damaged("there is data after the end");
        }
    }
}

/// <summary>The kinds of items of changes.</summary>
internal enum ChangesItem
{
    /// <summary>A bucket begins.</summary>
    Bucket,

    /// <summary>An element of the current bucket, which is not <c>key</c>.</summary>
    Element,

    /// <summary>The key of a record up to R0; its value is in the base.</summary>
    Kept,

    /// <summary>A record after R0, with its value.</summary>
    New,
}
