using System.Buffers;
using System.Security.Cryptography;
using EtcdBackupAgent.Archive.Age.Primitives;
using EtcdBackupAgent.Archive.Streams;

namespace EtcdBackupAgent.Archive.Age;

/// <summary>
/// Reads the plain bytes of an age file (https://age-encryption.org/v1), binary or armored. Every byte that the stream
/// returns is authenticated. The stream ends only after the file's last chunk, and only if no data follows that chunk.
/// </summary>
/// <remarks>
/// Memory: two chunks (128 KiB) and the header; with a passphrase, the first read also needs the memory of scrypt. For
/// any input, a read fails only with <see cref="AgeException"/> or with an exception of the source. After an
/// <see cref="AgeException"/> every later read fails too. Bytes that were read before the failure are the beginning of
/// the content.
/// </remarks>
public sealed class AgeDecryptionStream : PullStream
{
    private readonly ArmoredInput _input;
    private readonly IReadOnlyList<IAgeIdentity> _identities;
    private readonly HeaderReader _headerReader = new();

    /// <summary>One byte more than a chunk: the extra byte shows that the chunk is not the last.</summary>
    private readonly byte[] _sealed = ArrayPool<byte>.Shared.Rent(ChunkCipher.SealedBytes + 1);

    private readonly byte[] _plain = PlainChunks.Rent();
    private int _sealedLength;
    private bool _ended;
    private FileKey? _fileKey;
    private ChunkCipher? _cipher;
    private ReadOnlyMemory<byte> _unread;
    private bool _finished;
    private AgeException? _failure;

    /// <summary>Creates the stream; reads nothing from the source yet.</summary>
    /// <param name="source">The age file.</param>
    /// <param name="identities">
    /// At least one. The first that matches is used. The stream does not dispose them; it needs them until the first
    /// read completes.
    /// </param>
    /// <exception cref="ArgumentException">The list of identities is empty.</exception>
    public AgeDecryptionStream(Stream source, IReadOnlyList<IAgeIdentity> identities)
        : base(source)
    {
        if (identities.Count == 0)
        {
            throw new ArgumentException("Decryption needs at least one identity.", nameof(identities));
        }

        _input = new ArmoredInput(source);
        _identities = identities;
    }

    /// <inheritdoc />
    protected override int Pull(Span<byte> buffer)
    {
        try
        {
            int written;
            while (!TryDecrypt(buffer, out written))
            {
                Advance(_input.Read(_sealed.AsSpan(_sealedLength, SealedRoom)));
            }

            return written;
        }
        catch (AgeException e)
        {
            _failure ??= e;
            throw;
        }
    }

    /// <inheritdoc />
    protected override async ValueTask<int> PullAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        try
        {
            int written;
            while (!TryDecrypt(buffer.Span, out written))
            {
                Advance(await _input.ReadAsync(_sealed.AsMemory(_sealedLength, SealedRoom), cancellationToken));
            }

            return written;
        }
        catch (AgeException e)
        {
            _failure ??= e;
            throw;
        }
    }

    /// <inheritdoc />
    protected override void Release()
    {
        _input.Dispose();
        _fileKey?.Dispose();
        _cipher?.Dispose();
        _unread = default;
        PlainChunks.Return(_plain);
        ArrayPool<byte>.Shared.Return(_sealed);
    }

    /// <summary>The free bytes of the buffer, which may be longer than is used of it.</summary>
    private int SealedRoom => ChunkCipher.SealedBytes + 1 - _sealedLength;

    private void Advance(int bytes)
    {
        _sealedLength += bytes;
        _ended = bytes == 0;
    }

    /// <summary>Returns false if more of the source must be read before anything can be written.</summary>
    private bool TryDecrypt(Span<byte> buffer, out int written)
    {
        written = 0;
        if (_failure is not null)
        {
            throw new AgeException(_failure.Failure, _failure.Message, _failure);
        }

        if (_unread.IsEmpty && !_finished && !(TryOpenHeader() && TryOpenChunk()))
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

        AgeHeader? header = _headerReader.Read(_sealed.AsSpan(0, _sealedLength), out int used);
        Consume(used);
        if (header is null)
        {
            return _ended ? throw Truncated($"ends in its header, after {_headerReader.Length} bytes") : false;
        }

        _fileKey = header.Unlock(_identities);
        return true;
    }

    /// <summary>Derives the key of the payload as soon as the nonce is read.</summary>
    private void BeginPayload()
    {
        if (_cipher is null && _sealedLength >= FileKey.NonceBytes)
        {
            _cipher = _fileKey!.PayloadCipher(_sealed.AsSpan(0, FileKey.NonceBytes));
            _fileKey.Dispose();
            Consume(FileKey.NonceBytes);
        }
    }

    private bool TryOpenChunk()
    {
        BeginPayload();
        if (!_ended && SealedRoom > 0)
        {
            return false;
        }

        // The buffer is longer than a nonce, so only the end of the source leaves it unread.
        ChunkCipher cipher = _cipher ?? throw Truncated("ends before the nonce of its payload");
        bool last = SealedRoom > 0;
        ReadOnlySpan<byte> chunk = _sealed.AsSpan(0, Math.Min(_sealedLength, ChunkCipher.SealedBytes));
        if (chunk.Length < ChunkCipher.TagBytes)
        {
            throw Truncated($"ends in chunk {cipher.Counter} of its payload");
        }

        if (last && chunk.Length == ChunkCipher.TagBytes && cipher.Counter > 0)
        {
            throw new AgeException(
                AgeFailure.PayloadDamaged,
                $"The last chunk, {cipher.Counter}, of the age file is empty, which the format does not allow.");
        }

        ulong number = cipher.Counter;
        if (!cipher.TryOpen(chunk, _plain, last))
        {
            throw ChunkFailure(chunk, number, last);
        }

        _unread = _plain.AsMemory(0, chunk.Length - ChunkCipher.TagBytes);
        _finished = last;
        Consume(chunk.Length);
        return true;
    }

    /// <summary>
    /// Distinguishes a file that was truncated or extended at a chunk boundary from one that was changed. Returns no
    /// plain byte.
    /// </summary>
    private AgeException ChunkFailure(ReadOnlySpan<byte> chunk, ulong number, bool last)
    {
        bool opensOtherwise = _cipher!.TryOpen(chunk, _plain, !last);
        CryptographicOperations.ZeroMemory(_plain);
        return (opensOtherwise, last) switch
        {
            (true, true) => Truncated($"ends after chunk {number} of its payload, which is not the last"),
            (true, false) => new AgeException(
                AgeFailure.PayloadDamaged, $"Data follows the last chunk, {number}, of the age file."),
            (false, true) when chunk.Length < ChunkCipher.SealedBytes => new AgeException(
                AgeFailure.PayloadDamaged, $"Chunk {number} of the age file was changed or truncated."),
            _ => new AgeException(AgeFailure.PayloadDamaged, $"Chunk {number} of the age file was changed."),
        };
    }

    private void Consume(int bytes)
    {
        _sealed.AsSpan(bytes, _sealedLength - bytes).CopyTo(_sealed);
        _sealedLength -= bytes;
    }

    private static AgeException Truncated(string what) =>
        new(AgeFailure.Truncated, $"The age file is truncated: it {what}.");
}
