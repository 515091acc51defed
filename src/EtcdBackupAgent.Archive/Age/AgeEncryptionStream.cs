using System.Security.Cryptography;
using EtcdBackupAgent.Archive.Streams;

namespace EtcdBackupAgent.Archive.Age;

/// <summary>Reads the source encrypted as an age file (https://age-encryption.org/v1) in binary form.</summary>
/// <remarks>Memory: two chunks (128 KiB); with a passphrase, the constructor also needs the memory of scrypt.</remarks>
public sealed class AgeEncryptionStream : PullStream
{
    private readonly ChunkCipher _cipher;

    /// <summary>One byte more than a chunk: the extra byte shows that the chunk is not the last.</summary>
    private readonly byte[] _plain = GC.AllocateUninitializedArray<byte>(ChunkCipher.PlainBytes + 1, pinned: true);

    private readonly byte[] _sealed = new byte[ChunkCipher.SealedBytes];
    private ReadOnlyMemory<byte> _unread;
    private int _plainLength;
    private bool _ended;
    private bool _finished;

    /// <summary>Encrypts a new file key to each recipient; reads nothing from the source yet.</summary>
    /// <param name="source">The plain bytes.</param>
    /// <param name="recipients">
    /// Each of them can open the file. A passphrase must be the only one; its key derivation takes about 1 s. Public
    /// recipients are all post-quantum, or none of them is.
    /// </param>
    /// <exception cref="ArgumentException">
    /// The list of recipients is empty, holds a passphrase and another recipient, or mixes post-quantum recipients with
    /// others.
    /// </exception>
    public AgeEncryptionStream(Stream source, IReadOnlyList<IAgeRecipient> recipients)
        : this(source, recipients, RandomNumberGenerator.Fill)
    {
    }

    internal AgeEncryptionStream(
        Stream source, IReadOnlyList<IAgeRecipient> recipients, RandomBytes random)
        : base(source)
    {
        AgeRecipientKind[] kinds = [.. recipients.Select(recipient => recipient.Kind).Distinct()];
        if (kinds.Length != 1 || (recipients.Count > 1 && kinds[0] == AgeRecipientKind.Passphrase))
        {
            throw new ArgumentException(
                "Expected one or more public recipients of one kind, or one passphrase alone; "
                + $"got {recipients.Count} recipients of {kinds.Length} kinds.",
                nameof(recipients));
        }

        using FileKey fileKey = FileKey.Generate(random);
        byte[] header = AgeHeader.Write([.. recipients.Select(recipient => recipient.Wrap(fileKey, random))], fileKey);
        byte[] nonce = new byte[FileKey.NonceBytes];
        random(nonce);
        _cipher = fileKey.PayloadCipher(nonce);
        _unread = (byte[])[.. header, .. nonce];
    }

    /// <inheritdoc />
    protected override int Pull(Span<byte> buffer)
    {
        int written;
        while (!TryEncrypt(buffer, out written))
        {
            Advance(Source.Read(_plain.AsSpan(_plainLength)));
        }

        return written;
    }

    /// <inheritdoc />
    protected override async ValueTask<int> PullAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        int written;
        while (!TryEncrypt(buffer.Span, out written))
        {
            Advance(await Source.ReadAsync(_plain.AsMemory(_plainLength), cancellationToken));
        }

        return written;
    }

    /// <inheritdoc />
    protected override void Release()
    {
        _cipher.Dispose();
        CryptographicOperations.ZeroMemory(_plain);
    }

    private void Advance(int bytes)
    {
        _plainLength += bytes;
        _ended = bytes == 0;
    }

    /// <summary>Returns false if more of the source must be read before anything can be written.</summary>
    private bool TryEncrypt(Span<byte> buffer, out int written)
    {
        written = 0;
        if (_unread.IsEmpty && !_finished)
        {
            if (!_ended && _plainLength < _plain.Length)
            {
                return false;
            }

            SealChunk();
        }

        written = Math.Min(buffer.Length, _unread.Length);
        _unread.Span[..written].CopyTo(buffer);
        _unread = _unread[written..];
        return true;
    }

    private void SealChunk()
    {
        _finished = _plainLength <= ChunkCipher.PlainBytes;
        int bytes = Math.Min(_plainLength, ChunkCipher.PlainBytes);
        _unread = _sealed.AsMemory(0, _cipher.Seal(_plain.AsSpan(0, bytes), _sealed, _finished));
        _plainLength -= bytes;
        _plain[0] = _plain[bytes];
    }
}
