using System.Buffers;
using System.Formats.Tar;

namespace EtcdBackupAgent.Archive.Tar;

/// <summary>
/// The entries of a tar (v7, ustar, pax, GNU), one after the other, each checked as far as it can be by itself. The end is
/// reached only with the two blocks of zeros that end a tar, and nothing but zeros to the end of the stream.
/// </summary>
internal sealed class TarEntries : IAsyncDisposable
{
    private const int BlockBytes = 512;
    private const int CopyBytes = 80 * 1024;
    private const UnixFileMode KeptModeBits = (UnixFileMode)0x1FF;

    private readonly OffsetStream _source;
    private readonly TarReader _reader;

    public TarEntries(Stream tar)
    {
        _source = new OffsetStream(tar);
        _reader = new TarReader(_source, leaveOpen: true);
    }

    /// <summary>Null at the end.</summary>
    /// <exception cref="ArchiveDamagedException">The bytes are no tar, or not a whole one.</exception>
    /// <exception cref="ArchiveUnsafeException">The entry must not be extracted.</exception>
    public async ValueTask<ArchivedEntry?> NextAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            TarEntry? entry = await GuardedAsync(
                async () => await _reader.GetNextEntryAsync(copyData: false, cancellationToken));
            if (_source.Ended)
            {
                throw Damaged("it ends before the blocks of zeros that mark the end");
            }

            if (entry is null)
            {
                await ReadEndAsync(cancellationToken);
                return null;
            }

            if (entry.EntryType != TarEntryType.GlobalExtendedAttributes)
            {
                return Checked(entry);
            }
        }
    }

    /// <summary>Writes out the content of a file; all of it or an error.</summary>
    /// <exception cref="ArchiveDamagedException">The archive ends before.</exception>
    public async Task CopyContentAsync(ArchivedEntry file, Stream target, CancellationToken cancellationToken)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(CopyBytes);
        try
        {
            for (long left = file.SizeBytes; left > 0;)
            {
                int bytes = await GuardedAsync(async () => await file.Content!.ReadAsync(buffer, cancellationToken));
                if (bytes == 0)
                {
                    throw Damaged($"it ends {left} bytes before the end of the file {EntryPath.Shown(file.Path.Relative)}");
                }

                await target.WriteAsync(buffer.AsMemory(0, bytes), cancellationToken);
                left -= bytes;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    public ValueTask DisposeAsync() => _reader.DisposeAsync();

    private static ArchivedEntry Checked(TarEntry entry)
    {
        EntryKind kind = KindOf(entry);
        EntryPath path = EntryPath.Parse(entry.Name);
        if (path.IsTop && kind != EntryKind.Directory)
        {
            throw new ArchiveUnsafeException(entry.Name, "its name is that of the target itself.");
        }

        if (kind == EntryKind.SymbolicLink && (entry.LinkName.Length == 0 || entry.LinkName.Contains('\0', StringComparison.Ordinal)))
        {
            throw new ArchiveUnsafeException(entry.Name, "its link target is empty or has a NUL character.");
        }

        if (entry.Uid < 0 || entry.Gid < 0)
        {
            throw new ArchiveUnsafeException(entry.Name, "its owner is a negative number.");
        }

        return new ArchivedEntry
        {
            Kind = kind,
            Path = path,
            Mode = entry.Mode & KeptModeBits,
            User = (uint)entry.Uid,
            Group = (uint)entry.Gid,
            Modified = entry.ModificationTime,
            LinkTarget = kind == EntryKind.SymbolicLink ? entry.LinkName : "",
            Earlier = kind == EntryKind.HardLink ? EntryPath.Parse(entry.LinkName) : null,
            SizeBytes = kind == EntryKind.RegularFile ? entry.Length : 0,
            Content = entry.DataStream,
        };
    }

    private static EntryKind KindOf(TarEntry entry)
    {
        if (entry is PaxTarEntry pax
            && pax.ExtendedAttributes.Keys.Any(key => key.StartsWith("GNU.sparse.", StringComparison.Ordinal)))
        {
            throw new ArchiveUnsafeException(entry.Name, "it is a sparse file of GNU tar, whose bytes are not its content.");
        }

        return entry.EntryType switch
        {
            // Before ustar, a directory was a file whose name ends with a slash.
            TarEntryType.V7RegularFile when entry.Name.EndsWith('/') => EntryKind.Directory,
            TarEntryType.RegularFile or TarEntryType.V7RegularFile or TarEntryType.ContiguousFile => EntryKind.RegularFile,
            TarEntryType.Directory => EntryKind.Directory,
            TarEntryType.SymbolicLink => EntryKind.SymbolicLink,
            TarEntryType.HardLink => EntryKind.HardLink,
            _ => throw new ArchiveUnsafeException(
                entry.Name, $"it is a {entry.EntryType}; only files, directories and links are extracted."),
        };
    }

    /// <summary>
    /// System.Formats.Tar stops after the first block of zeros. The rest is read too: layers below prove themselves at their end.
    /// </summary>
    private async ValueTask ReadEndAsync(CancellationToken cancellationToken)
    {
        long firstBlockEnd = _source.Offset;
        byte[] buffer = ArrayPool<byte>.Shared.Rent(CopyBytes);
        try
        {
            int bytes;
            while ((bytes = await _source.ReadAsync(buffer, cancellationToken)) > 0)
            {
                if (buffer.AsSpan(0, bytes).ContainsAnyExcept((byte)0))
                {
                    throw Damaged("other bytes follow the end of the archive");
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        if (_source.Offset - firstBlockEnd < BlockBytes)
        {
            throw Damaged("it ends before the second block of zeros that marks the end");
        }
    }

    /// <summary>What System.Formats.Tar throws at bytes that are no tar, as one exception; the source's own pass through.</summary>
    private async ValueTask<T> GuardedAsync<T>(Func<ValueTask<T>> read)
    {
        try
        {
            return await read();
        }
        catch (Exception e) when (_source.Failure != e && e is InvalidDataException or EndOfStreamException
            or FormatException or ArgumentException or OverflowException or InvalidOperationException or NotSupportedException)
        {
            throw Damaged(e.Message.TrimEnd('.'), e);
        }
    }

    private ArchiveDamagedException Damaged(string what, Exception? cause = null) =>
        new($"The tar archive is damaged before byte offset {_source.Offset}: {what}.", cause);
}
