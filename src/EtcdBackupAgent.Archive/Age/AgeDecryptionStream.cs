using System.Security.Cryptography;
using EtcdBackupAgent.Archive.Streams;

namespace EtcdBackupAgent.Archive.Age;

/// <summary>
/// Reading gives the plain bytes of an age file (https://age-encryption.org/v1), binary or armored. Every byte that is given
/// out was authenticated; the end is reached only when the file's last chunk was read and nothing came after it.
/// </summary>
/// <remarks>
/// Memory: two chunks, 128 KiB, and the header; for a passphrase, at the first read also that of scrypt. Whatever the file is,
/// a read fails with <see cref="AgeException"/> only, or as the source does; and stays failed. Bytes that were read before it
/// failed are a beginning of the content.
/// </remarks>
public sealed class AgeDecryptionStream : PullStream
{
    private readonly ArmoredInput _input;
    private readonly IReadOnlyList<IAgeIdentity> _identities;
    private readonly HeaderReader _headerReader = new();

    /// <summary>One byte more than a chunk: only who has seen it knows that the chunk is not the last.</summary>
    private readonly byte[] _sealed = new byte[ChunkCipher.SealedBytes + 1];

    private readonly byte[] _plain = GC.AllocateUninitializedArray<byte>(ChunkCipher.PlainBytes, pinned: true);
    private int _sealedLength;
    private bool _ended;
    private FileKey? _fileKey;
    private ChunkCipher? _cipher;
    private ReadOnlyMemory<byte> _unread;
    private bool _finished;
    private AgeException? _failure;

    /// <summary>Reads nothing of the source yet.</summary>
    /// <param name="source">The age file.</param>
    /// <param name="identities">At least one; the first that fits is used. Not disposed; needed until the first read is over.</param>
    /// <param name="leaveOpen">Whether the source outlives this stream.</param>
    /// <exception cref="ArgumentException">There is no identity.</exception>
    public AgeDecryptionStream(Stream source, IReadOnlyList<IAgeIdentity> identities, bool leaveOpen)
        : base(source, leaveOpen)
    {
        if (identities.Count == 0)
        {
            throw new ArgumentException("There is no identity to decrypt with.", nameof(identities));
        }

        _input = new ArmoredInput(source, leaveOpen: true);
        _identities = identities;
    }

    protected override int Pull(Span<byte> buffer)
    {
        try
        {
            int written;
            while (!TryDecrypt(buffer, out written))
            {
                Took(_input.Read(_sealed.AsSpan(_sealedLength)));
            }

            return written;
        }
        catch (AgeException e)
        {
            _failure ??= e;
            throw;
        }
    }

    protected override async ValueTask<int> PullAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        try
        {
            int written;
            while (!TryDecrypt(buffer.Span, out written))
            {
                Took(await _input.ReadAsync(_sealed.AsMemory(_sealedLength), cancellationToken));
            }

            return written;
        }
        catch (AgeException e)
        {
            _failure ??= e;
            throw;
        }
    }

    protected override void Release()
    {
        _input.Dispose();
        _fileKey?.Dispose();
        _cipher?.Dispose();
        CryptographicOperations.ZeroMemory(_plain);
    }

    private void Took(int bytes)
    {
        _sealedLength += bytes;
        _ended = bytes == 0;
    }

    /// <summary>False: nothing can be written before more of the source is read.</summary>
    private bool TryDecrypt(Span<byte> buffer, out int written)
    {
        written = 0;
        if (_failure is not null)
        {
            throw new AgeException(_failure.Failure, _failure.Message, _failure);
        }

        if (_unread.IsEmpty && !_finished && !(TryOpenHeader() && TryBeginPayload() && TryOpenChunk()))
        {
            return false;
        }

        written = Math.Min(buffer.Length, _unread.Length);
        _unread.Span[..written].CopyTo(buffer);
        _unread = _unread[written..];
        return true;
    }

    private bool TryOpenHeader()
    {
        if (_fileKey is not null || _cipher is not null)
        {
            return true;
        }

        AgeHeader? header = _headerReader.Take(_sealed.AsSpan(0, _sealedLength), out int used);
        Use(used);
        if (header is null)
        {
            return _ended ? throw Truncated($"ends in its header, after {_headerReader.Length} bytes") : false;
        }

        _fileKey = header.Unlock(_identities);
        return true;
    }

    private bool TryBeginPayload()
    {
        if (_cipher is not null)
        {
            return true;
        }

        if (_sealedLength < FileKey.NonceBytes)
        {
            return _ended ? throw Truncated("ends before the nonce of its payload") : false;
        }

        _cipher = _fileKey!.PayloadCipher(_sealed.AsSpan(0, FileKey.NonceBytes));
        _fileKey.Dispose();
        Use(FileKey.NonceBytes);
        return true;
    }

    private bool TryOpenChunk()
    {
        if (!_ended && _sealedLength < _sealed.Length)
        {
            return false;
        }

        bool last = _sealedLength < _sealed.Length;
        ReadOnlySpan<byte> chunk = _sealed.AsSpan(0, Math.Min(_sealedLength, ChunkCipher.SealedBytes));
        ChunkCipher cipher = _cipher!;
        if (chunk.Length < ChunkCipher.TagBytes)
        {
            throw Truncated($"ends in chunk {cipher.Counter} of its payload");
        }

        if (last && chunk.Length == ChunkCipher.TagBytes && cipher.Counter > 0)
        {
            throw new AgeException(
                AgeFailure.PayloadDamaged, $"The last chunk of the age file, {cipher.Counter}, is empty, which is not allowed.");
        }

        ulong number = cipher.Counter;
        if (!cipher.TryOpen(chunk, _plain, last))
        {
            throw NotThisChunk(chunk, number, last);
        }

        _unread = _plain.AsMemory(0, chunk.Length - ChunkCipher.TagBytes);
        _finished = last;
        Use(chunk.Length);
        return true;
    }

    /// <summary>Tells a file that was cut or added to at a chunk's border from one that was changed; nothing is given out.</summary>
    private AgeException NotThisChunk(ReadOnlySpan<byte> chunk, ulong number, bool last)
    {
        bool otherwise = _cipher!.TryOpen(chunk, _plain, !last);
        CryptographicOperations.ZeroMemory(_plain);
        return (otherwise, last) switch
        {
            (true, true) => Truncated($"ends after chunk {number} of its payload, which is not the last"),
            (true, false) => new AgeException(
                AgeFailure.PayloadDamaged, $"Data follows the last chunk of the age file, {number}."),
            (false, true) when chunk.Length < ChunkCipher.SealedBytes => new AgeException(
                AgeFailure.PayloadDamaged, $"Chunk {number} of the age file was changed, or is cut short."),
            _ => new AgeException(AgeFailure.PayloadDamaged, $"Chunk {number} of the age file was changed."),
        };
    }

    private void Use(int bytes)
    {
        _sealed.AsSpan(bytes, _sealedLength - bytes).CopyTo(_sealed);
        _sealedLength -= bytes;
    }

    private static AgeException Truncated(string what) => new(AgeFailure.Truncated, $"The age file is cut short: it {what}.");
}
