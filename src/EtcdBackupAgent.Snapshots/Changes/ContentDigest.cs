using System.Security.Cryptography;
using EtcdBackupAgent.Archive.Hashing;
using EtcdBackupAgent.Snapshots.Bolt;
using EtcdBackupAgent.Snapshots.Encoded;

namespace EtcdBackupAgent.Snapshots.Changes;

/// <summary>
/// The digest of what a database contains: names, sequences, keys and values, but no page. Two databases with the same
/// content have the same digest, wherever their elements are.
/// </summary>
/// <remarks>
/// SHA-256 over, for each bucket in the order of the names:
/// <code>
/// name        bytes
/// sequence    varint
/// elements    32 bytes   SHA-256 over the elements in order: key bytes, value bytes
/// </code>
/// </remarks>
internal sealed class ContentDigest : IDisposable
{
    private readonly BufferedSha256 _hash = new();
    private readonly SortedDictionary<byte[], (ulong Sequence, byte[] Elements)> _buckets =
        new(Comparer<byte[]>.Create((left, right) => left.AsSpan().SequenceCompareTo(right)));

    private byte[]? _name;
    private ulong _sequence;

    /// <summary>Computes the digest of a whole database.</summary>
    /// <exception cref="SnapshotDamagedException">
    /// A page is damaged, or there is a bucket within a bucket, which etcd never writes.
    /// </exception>
    /// <exception cref="IOException">The database cannot be read.</exception>
    public static Sha256Digest Of(BoltDatabase database, CancellationToken cancellationToken)
    {
        using ContentDigest digest = new();
        BoltCursor root = database.Root();
        for (bool more = root.MoveToFirst(); more; more = root.MoveNext())
        {
            ThrowUnless(root.IsBucket, root);
            digest.BeginBucket(root.Key, root.BucketSequence);
            BoltCursor cursor = root.OpenBucket();
            for (bool element = cursor.MoveToFirst(); element; element = cursor.MoveNext())
            {
                cancellationToken.ThrowIfCancellationRequested();
                ThrowUnless(!cursor.IsBucket, cursor);
                digest.Add(cursor.Key, cursor.Value);
            }

            digest.EndBucket();
        }

        return digest.Finish();
    }

    /// <summary>Begins a bucket. Buckets may come in any order.</summary>
    /// <exception cref="ArgumentException">The bucket was added already.</exception>
    public void BeginBucket(ReadOnlySpan<byte> name, ulong sequence)
    {
        (_name, _sequence) = (name.ToArray(), sequence);
        _buckets.Add(_name, default);
    }

    /// <summary>Adds the next element of the current bucket, in the order of the keys.</summary>
    public void Add(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        _hash.AppendBytes(key);
        _hash.AppendBytes(value);
    }

    /// <summary>Ends the current bucket.</summary>
    public void EndBucket()
    {
        byte[] name = _name ?? throw new InvalidOperationException("No bucket was begun.");
        _buckets[name] = (_sequence, _hash.Finish());
        _name = null;
    }

    /// <summary>Returns the digest of all buckets.</summary>
    public Sha256Digest Finish()
    {
        foreach ((byte[] name, (ulong sequence, byte[] elements)) in _buckets)
        {
            _hash.AppendBytes(name);
            _hash.AppendVarint(sequence);
            _hash.Append(elements);
        }

        return new Sha256Digest(_hash.Finish());
    }

    /// <inheritdoc/>
    public void Dispose() => _hash.Dispose();

    private static void ThrowUnless(bool isExpected, BoltCursor cursor)
    {
        if (!isExpected)
        {
            throw new SnapshotDamagedException(
                $"page {cursor.PageId}: buckets are not only in the root bucket, as etcd writes them");
        }
    }

    /// <summary>SHA-256 of many small pieces: they are collected, because each call of the hash is expensive.</summary>
    private sealed class BufferedSha256 : IDisposable
    {
        private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        private readonly byte[] _buffer = new byte[1 << 14];
        private int _used;

        public void AppendVarint(ulong value)
        {
            MakeRoom(Varint.BytesMax);
            _used += Varint.Write(_buffer.AsSpan(_used), value);
        }

        public void AppendBytes(ReadOnlySpan<byte> bytes)
        {
            AppendVarint((ulong)bytes.Length);
            Append(bytes);
        }

        public void Append(ReadOnlySpan<byte> bytes)
        {
            MakeRoom(bytes.Length);
            if (bytes.Length > _buffer.Length)
            {
                _hash.AppendData(bytes);
                return;
            }

            bytes.CopyTo(_buffer.AsSpan(_used));
            _used += bytes.Length;
        }

        public byte[] Finish()
        {
            Flush();
            return _hash.GetHashAndReset();
        }

        public void Dispose() => _hash.Dispose();

        private void MakeRoom(int bytes)
        {
            if (_buffer.Length - _used < bytes)
            {
                Flush();
            }
        }

        private void Flush()
        {
            _hash.AppendData(_buffer.AsSpan(0, _used));
            _used = 0;
        }
    }
}
