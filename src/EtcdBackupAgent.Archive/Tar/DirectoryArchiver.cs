using EtcdBackupAgent.Archive.Posix;

namespace EtcdBackupAgent.Archive.Tar;

/// <summary>Walks a directory and writes its content as a tar.</summary>
/// <remarks>
/// 1. Write the top directory as <c>./</c>.<br/>
/// 2. Write its entries in the order of names; the content of a directory follows it.<br/>
/// 3. Write the end of the archive and set the summary.
/// </remarks>
internal sealed class DirectoryArchiver(string directory, Action<string> onWarning)
{
    private readonly AccountNames _users = AccountNames.Read(AccountNames.UsersFile);
    private readonly AccountNames _groups = AccountNames.Read(AccountNames.GroupsFile);
    private TarSummary _summary = TarSummary.Empty;

    /// <summary>The summary; null until the archive is complete.</summary>
    public TarSummary? Summary { get; private set; }

    /// <summary>Writes the archive. Leaves the target open.</summary>
    /// <exception cref="DirectoryReadException">The directory or an entry in it cannot be read.</exception>
    public async Task WriteAsync(Stream target, CancellationToken cancellationToken)
    {
        PaxWriter tar = new(target);

        // 1. The directory itself may be a symbolic link; links below it are not followed.
        FileStatus top = Status(Path.Join(directory, "."))
            ?? throw new DirectoryReadException(directory, "it no longer exists.");
        await tar.WriteAsync(Member(TarType.Directory, "./", top), content: null, cancellationToken);

        // 2.
        await WriteContentAsync(tar, "", cancellationToken);

        // 3.
        await tar.EndAsync(cancellationToken);
        Summary = _summary;
    }

    private async Task WriteContentAsync(PaxWriter tar, string parent, CancellationToken cancellationToken)
    {
        foreach (string child in Names(Path.Join(directory, parent)))
        {
            cancellationToken.ThrowIfCancellationRequested();
            string name = parent + child;
            string path = Path.Join(directory, name);
            switch (Status(path))
            {
                case null:
                    Skip(path, "it was removed while its directory was being read");
                    break;
                case { Kind: FileKind.Directory } status:
                    await tar.WriteAsync(
                        Member(TarType.Directory, name + "/", status), content: null, cancellationToken);
                    _summary = _summary with { Directories = _summary.Directories + 1 };
                    await WriteContentAsync(tar, name + "/", cancellationToken);
                    break;
                case { Kind: FileKind.SymbolicLink } status:
                    await WriteLinkAsync(tar, name, path, status, cancellationToken);
                    break;
                case { Kind: FileKind.RegularFile }:
                    await WriteFileAsync(tar, name, path, cancellationToken);
                    break;
                case { } status:
                    Skip(path, $"it is a {Describe(status.Kind)}");
                    break;
            }
        }
    }

    private async Task WriteLinkAsync(
        PaxWriter tar, string name, string path, FileStatus status, CancellationToken cancellationToken)
    {
        if (ReadOrThrow(path, () => LinkTarget(path)) is not { } target)
        {
            Skip(path, "it was removed while its directory was being read");
            return;
        }

        TarMember link = Member(TarType.SymbolicLink, name, status) with { LinkTarget = target };
        await tar.WriteAsync(link, content: null, cancellationToken);
        _summary = _summary with { Links = _summary.Links + 1 };
    }

    private async Task WriteFileAsync(PaxWriter tar, string name, string path, CancellationToken cancellationToken)
    {
        using FileContent? content = FileContent.Open(path, onWarning);
        if (content is null)
        {
            Skip(path, "it was removed while its directory was being read");
            return;
        }

        TarMember file = Member(TarType.File, name, content.Status) with { SizeBytes = content.Status.SizeBytes };
        await tar.WriteAsync(file, content.Stream, cancellationToken);
        _summary = _summary with { Files = _summary.Files + 1, Bytes = _summary.Bytes + content.Status.SizeBytes };
    }

    private TarMember Member(TarType type, string name, FileStatus status) => new()
    {
        Type = type,
        Name = name,
        Mode = (int)status.Mode,
        User = status.User,
        Group = status.Group,
        UserName = _users.Of(status.User),
        GroupName = _groups.Of(status.Group),
        Modified = status.Modified,
    };

    private void Skip(string path, string reason)
    {
        onWarning($"{FileName.Shown(path)} is not archived: {reason}.");
        _summary = _summary with { Skipped = _summary.Skipped + 1 };
    }

    private static IReadOnlyList<string> Names(string path) => ReadOrThrow(path, () => DirectoryTree.Names(path));

    private static FileStatus? Status(string path) => ReadOrThrow(path, () => FileStatus.OfName(path));

    /// <summary>Null if nothing has the name any more.</summary>
    private static string? LinkTarget(string path) =>
        LinuxCalls.LinkTarget(path) is { } target ? target
        : LinuxError.Last(path) is var failure and not FileNotFoundException ? throw failure
        : null;

    private static T ReadOrThrow<T>(string path, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DirectoryReadException(path, e.Message, e);
        }
    }

    private static string Describe(FileKind kind) => kind switch
    {
        FileKind.Socket => "socket",
        FileKind.Fifo => "FIFO",
        FileKind.BlockDevice => "block device",
        FileKind.CharacterDevice => "character device",
        _ => $"file of unknown type {(int)kind}",
    };
}
