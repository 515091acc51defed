using System.Buffers;

namespace EtcdBackupAgent.Archive.Tar;

/// <summary>
/// Reads the entries of a tar (v7, ustar, pax, GNU) in order and checks each as far as possible without the others. The
/// archive ends only with the two blocks of zeros that mark its end; only zeros may follow them.
/// </summary>
internal sealed class TarEntries : IDisposable
{
    private const int CopyBytes = 80 * 1024;
    private const UnixFileMode KeptModeBits = (UnixFileMode)0x1FF;

    private readonly OffsetStream _source;
    private readonly TarMembers _members;

    /// <param name="tar">The tar. It stays open.</param>
    public TarEntries(Stream tar)
    {
        _source = new OffsetStream(tar);
        _members = new TarMembers(_source);
    }

    /// <summary>Returns the next entry, or null at the end.</summary>
    /// <exception cref="ArchiveDamagedException">The bytes are not a tar, or the tar is incomplete.</exception>
    /// <exception cref="ArchiveUnsafeException">The entry must not be extracted.</exception>
    public async ValueTask<ArchivedEntry?> NextAsync(CancellationToken cancellationToken)
    {
        if (await _members.NextAsync(cancellationToken) is { } member)
        {
            return Checked(member);
        }

        await ReadEndAsync(cancellationToken);
        return null;
    }

    /// <summary>Writes the complete content of the entry that was read last, or throws.</summary>
    /// <exception cref="ArchiveDamagedException">The archive ends before the content is complete.</exception>
    public async Task CopyContentAsync(Stream target, CancellationToken cancellationToken)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(CopyBytes);
        try
        {
            int bytes;
            while ((bytes = await _members.ReadContentAsync(buffer, cancellationToken)) > 0)
            {
                await target.WriteAsync(buffer.AsMemory(0, bytes), cancellationToken);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    public void Dispose() => _source.Dispose();

    private static ArchivedEntry Checked(TarMember member)
    {
        EntryKind kind = KindOf(member);
        EntryPath path = EntryPath.Parse(member.Name);
        if (path.IsTop && kind != EntryKind.Directory)
        {
            throw new ArchiveUnsafeException(member.Name, "its name is that of the target itself.");
        }

        if (kind == EntryKind.SymbolicLink
            && (member.LinkTarget.Length == 0 || member.LinkTarget.Contains('\0', StringComparison.Ordinal)))
        {
            throw new ArchiveUnsafeException(member.Name, "its link target is empty or contains a NUL character.");
        }

        return new ArchivedEntry
        {
            Kind = kind,
            Path = path,
            Mode = (UnixFileMode)member.Mode & KeptModeBits,
            User = Owner(member, member.User),
            Group = Owner(member, member.Group),
            Modified = member.Modified,
            LinkTarget = kind == EntryKind.SymbolicLink ? member.LinkTarget : "",
            Earlier = kind == EntryKind.HardLink ? EntryPath.Parse(member.LinkTarget) : null,
            SizeBytes = kind == EntryKind.RegularFile ? member.SizeBytes : 0,
        };
    }

    /// <summary>
    /// Checks the number of a user or group. In system calls the largest 32-bit number means "do not change".
    /// </summary>
    private static uint Owner(TarMember member, long number) => number is >= 0 and < uint.MaxValue
        ? (uint)number
        : throw new ArchiveUnsafeException(member.Name, $"its owner is {number}, which is not a valid number.");

    private static EntryKind KindOf(TarMember member) => member.Type switch
    {
        _ when member.IsSparse =>
            throw new ArchiveUnsafeException(
                member.Name, "it is a sparse file of GNU tar, whose stored bytes are not its content."),

        // In the format before ustar, a directory is a file whose name ends with a slash.
        TarType.OldFile when member.Name.EndsWith('/') => EntryKind.Directory,
        TarType.File or TarType.OldFile or TarType.ContiguousFile => EntryKind.RegularFile,
        TarType.Directory => EntryKind.Directory,
        TarType.SymbolicLink => EntryKind.SymbolicLink,
        TarType.HardLink => EntryKind.HardLink,
        _ => throw new ArchiveUnsafeException(
            member.Name, $"it is {Describe(member.Type)}; only files, directories and links are extracted."),
    };

    private static string Describe(TarType type) => type switch
    {
        TarType.CharacterDevice => "a character device",
        TarType.BlockDevice => "a block device",
        TarType.Fifo => "a FIFO",
        TarType.GnuSparseFile => "a sparse file of GNU tar",
        _ => $"of the type '{EntryPath.Shown($"{(char)type}").Trim('\'')}'",
    };

    /// <summary>Reads the stream to its end, because the layers below complete their checks only there.</summary>
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
                    throw _members.Damaged("data follows the end of the archive");
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        if (_source.Offset - firstBlockEnd < UstarField.BlockBytes)
        {
            throw _members.Damaged("it ends before the second block of zeros that marks the end");
        }
    }
}
