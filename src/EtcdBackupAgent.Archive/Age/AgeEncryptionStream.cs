using System.Security.Cryptography;
using EtcdBackupAgent.Archive.Streams;

namespace EtcdBackupAgent.Archive.Age;

/// <summary>
/// Reading gives the source encrypted as an age file (https://age-encryption.org/v1), in the binary form.
/// </summary>
/// <remarks>Memory: two chunks, 128 KiB; for a passphrase, at first also that of scrypt.</remarks>
public sealed class AgeEncryptionStream : PullStream
{
    private readonly ChunkCipher _cipher;

    /// <summary>One byte more than a chunk: only who has seen it knows that the chunk is not the last.</summary>
    private readonly byte[] _plain = GC.AllocateUninitializedArray<byte>(ChunkCipher.PlainBytes + 1, pinned: true);

    private readonly byte[] _sealed = new byte[ChunkCipher.SealedBytes];
    private ReadOnlyMemory<byte> _unread;
    private int _plainLength;
    private bool _ended;
    private bool _finished;

    /// <summary>Encrypts a new key of this file to each recipient; reads nothing of the source yet.</summary>
    /// <param name="source">The plain bytes.</param>
    /// <param name="recipients">Any of them can open the file. A passphrase must be the only one, and takes its time.</param>
    /// <param name="leaveOpen">Whether the source outlives this stream.</param>
    /// <exception cref="ArgumentException">There is no recipient, or a passphrase beside others.</exception>
    public AgeEncryptionStream(Stream source, IReadOnlyList<IAgeRecipient> recipients, bool leaveOpen)
        : this(source, recipients, RandomNumberGenerator.Fill, leaveOpen)
    {
    }

    internal AgeEncryptionStream(
        Stream source, IReadOnlyList<IAgeRecipient> recipients, RandomBytes random, bool leaveOpen)
        : base(source, leaveOpen)
    {
        if (recipients.Count == 0 || (recipients.Count > 1 && recipients.Any(recipient => recipient.IsAlone)))
        {
            throw new ArgumentException(
                $"There must be one recipient or more, or a passphrase alone; there are {recipients.Count}.", nameof(recipients));
        }

        using FileKey fileKey = FileKey.Generate(random);
        byte[] header = AgeHeader.Write([.. recipients.Select(recipient => recipient.Wrap(fileKey, random))], fileKey);
        byte[] nonce = new byte[FileKey.NonceBytes];
        random(nonce);
        _cipher = fileKey.PayloadCipher(nonce);
        _unread = (byte[])[.. header, .. nonce];
    }

    protected override int Pull(Span<byte> buffer)
    {
        int written;
        while (!TryEncrypt(buffer, out written))
        {
            Took(Source.Read(_plain.AsSpan(_plainLength)));
        }

        return written;
    }

    protected override async ValueTask<int> PullAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        int written;
        while (!TryEncrypt(buffer.Span, out written))
        {
            Took(await Source.ReadAsync(_plain.AsMemory(_plainLength), cancellationToken));
        }

        return written;
    }

    protected override void Release()
    {
        _cipher.Dispose();
        CryptographicOperations.ZeroMemory(_plain);
    }

    private void Took(int bytes)
    {
        _plainLength += bytes;
        _ended = bytes == 0;
    }

    /// <summary>False: nothing can be written before more of the source is read.</summary>
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
