using System.Buffers;
using EtcdBackupAgent.Archive.Posix;

namespace EtcdBackupAgent.Archive.Tar;

/// <summary>Reads a tar member by member: the headers and the content that follows them.</summary>
internal sealed class TarMembers(OffsetStream source)
{
    /// <summary>
    /// The largest size of an extended header, or of a long name of GNU tar. Paths on all systems are far shorter.
    /// </summary>
    public const int ExtendedHeaderBytesMax = 1024 * 1024;

    private const int SkipBytes = 80 * 1024;

    private readonly byte[] _block = new byte[UstarField.BlockBytes];
    private readonly PaxRecords _global = new();
    private long _contentLeft;
    private long _padding;

    /// <summary>Returns the next member, or null at the first block of zeros.</summary>
    /// <exception cref="ArchiveDamagedException">The bytes are not a tar, or the tar is incomplete.</exception>
    public async ValueTask<TarMember?> NextAsync(CancellationToken cancellationToken)
    {
        PaxRecords records = new();
        string? longName = null;
        string? longLink = null;
        while (true)
        {
            await SkipAsync(_contentLeft + _padding, cancellationToken);
            if (!await ReadHeaderAsync(cancellationToken))
            {
                return records.IsEmpty && longName is null && longLink is null
                    ? null
                    : throw Damaged("it ends after an extended header without a member");
            }

            switch (TarHeader.TypeOf(_block))
            {
                case TarType.Pax:
                    records = ParseOrThrow(PaxRecords.Read, await ReadExtensionAsync(cancellationToken));
                    break;
                case TarType.PaxGlobal:
                    _global.Add(ParseOrThrow(PaxRecords.Read, await ReadExtensionAsync(cancellationToken)));
                    break;
                case TarType.GnuLongName:
                    longName = TextOf(await ReadExtensionAsync(cancellationToken));
                    break;
                case TarType.GnuLongLink:
                    longLink = TextOf(await ReadExtensionAsync(cancellationToken));
                    break;
                default:
                    PaxRecords all = new();
                    all.Add(_global);
                    all.Add(records);
                    TarMember member = ParseOrThrow(block => TarHeader.Read(block, all, longName, longLink), _block);
                    Expect(member.SizeBytes);
                    return member;
            }
        }
    }

    /// <summary>Reads the next bytes of the member's content. Returns 0 at its end.</summary>
    /// <exception cref="ArchiveDamagedException">The archive ends before the content is complete.</exception>
    public async ValueTask<int> ReadContentAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        int wanted = (int)Math.Min(buffer.Length, _contentLeft);
        int bytes = wanted == 0 ? 0 : await source.ReadAsync(buffer[..wanted], cancellationToken);
        if (bytes == 0 && wanted > 0)
        {
            throw Damaged($"it ends {_contentLeft} bytes before the end of a member's content");
        }

        _contentLeft -= bytes;
        return bytes;
    }

    public ArchiveDamagedException Damaged(string what, Exception? cause = null) =>
        new($"The tar archive is damaged before byte offset {source.Offset}: {what}.", cause);

    private void Expect(long contentBytes)
    {
        if (contentBytes > long.MaxValue - UstarField.BlockBytes)
        {
            throw Damaged($"a size is {contentBytes}");
        }

        _contentLeft = contentBytes;
        _padding = TarHeader.Padded(contentBytes) - contentBytes;
    }

    /// <summary>Reads a header block. Returns false if it is a block of zeros.</summary>
    private async ValueTask<bool> ReadHeaderAsync(CancellationToken cancellationToken)
    {
        await FillAsync(_block, cancellationToken);
        return _block.AsSpan().ContainsAnyExcept((byte)0)
            && (TarHeader.HasValidChecksum(_block) ? true : throw Damaged("the checksum of a header is wrong"));
    }

    private async ValueTask<byte[]> ReadExtensionAsync(CancellationToken cancellationToken)
    {
        long size = ParseOrThrow(block => UstarField.Size.Number(block), _block);
        if (size is < 0 or > ExtendedHeaderBytesMax)
        {
            throw Damaged($"an extended header has {size} bytes; at most {ExtendedHeaderBytesMax} are allowed");
        }

        byte[] content = new byte[size];
        await FillAsync(content, cancellationToken);
        _padding = TarHeader.Padded(size) - size;
        return content;
    }

    private async ValueTask FillAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        int bytes = await source.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken);
        if (bytes < buffer.Length)
        {
            throw Damaged("it ends before the blocks of zeros that mark the end");
        }
    }

    private async ValueTask SkipAsync(long bytes, CancellationToken cancellationToken)
    {
        _contentLeft = 0;
        _padding = 0;
        byte[] buffer = ArrayPool<byte>.Shared.Rent(SkipBytes);
        try
        {
            for (long left = bytes; left > 0;)
            {
                int wanted = (int)Math.Min(buffer.Length, left);
                await FillAsync(buffer.AsMemory(0, wanted), cancellationToken);
                left -= wanted;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static string TextOf(ReadOnlySpan<byte> content)
    {
        int end = content.IndexOf((byte)0);
        return FileName.Decode(end < 0 ? content : content[..end]);
    }

    private T ParseOrThrow<T>(Func<ReadOnlySpan<byte>, T> read, byte[] bytes)
    {
        try
        {
            return read(bytes);
        }
        catch (FormatException e)
        {
            throw Damaged(e.Message, e);
        }
    }
}
