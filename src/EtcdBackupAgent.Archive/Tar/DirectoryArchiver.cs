using EtcdBackupAgent.Archive.Posix;

namespace EtcdBackupAgent.Archive.Tar;

/// <summary>Walks a directory and writes it as a tar.</summary>
/// <remarks>
/// 1. The top directory, as <c>./</c>.<br/>
/// 2. What is in it, by name: a directory is followed by what is in it.<br/>
/// 3. The end of the archive, and the summary.
/// </remarks>
internal sealed class DirectoryArchiver(string directory, Action<string> onWarning)
{
    private readonly AccountNames _users = AccountNames.Read(AccountNames.UsersFile);
    private readonly AccountNames _groups = AccountNames.Read(AccountNames.GroupsFile);
    private TarSummary _soFar = TarSummary.Empty;

    /// <summary>Null before the end.</summary>
    public TarSummary? Summary { get; private set; }

    /// <summary>Leaves the target open.</summary>
    /// <exception cref="DirectoryReadException">Something cannot be read.</exception>
    public async Task WriteAsync(Stream target, CancellationToken cancellationToken)
    {
        PaxWriter tar = new(target);

        // 1. The directory itself may be reached through a symbolic link; nothing below it is.
        FileStatus top = Status(Path.Join(directory, "."))
            ?? throw new DirectoryReadException(directory, "it vanished.");
        await tar.WriteAsync(Member(TarType.Directory, "./", top), content: null, cancellationToken);

        // 2.
        await WriteContentAsync(tar, "", cancellationToken);

        // 3.
        await tar.EndAsync(cancellationToken);
        Summary = _soFar;
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
                    Skip(path, "it vanished while its directory was being read");
                    break;
                case { Kind: FileKind.Directory } status:
                    await tar.WriteAsync(
                        Member(TarType.Directory, name + "/", status), content: null, cancellationToken);
                    _soFar = _soFar with { Directories = _soFar.Directories + 1 };
                    await WriteContentAsync(tar, name + "/", cancellationToken);
                    break;
                case { Kind: FileKind.SymbolicLink } status:
                    await WriteLinkAsync(tar, name, path, status, cancellationToken);
                    break;
                case { Kind: FileKind.RegularFile }:
                    await WriteFileAsync(tar, name, path, cancellationToken);
                    break;
                case { } status:
                    Skip(path, $"it is a {Word(status.Kind)}");
                    break;
            }
        }
    }

    private async Task WriteLinkAsync(
        PaxWriter tar, string name, string path, FileStatus status, CancellationToken cancellationToken)
    {
        if (Reading(path, () => LinkTarget(path)) is not { } target)
        {
            Skip(path, "it vanished while its directory was being read");
            return;
        }

        TarMember link = Member(TarType.SymbolicLink, name, status) with { LinkTarget = target };
        await tar.WriteAsync(link, content: null, cancellationToken);
        _soFar = _soFar with { Links = _soFar.Links + 1 };
    }

    private async Task WriteFileAsync(PaxWriter tar, string name, string path, CancellationToken cancellationToken)
    {
        using FileContent? content = FileContent.Open(path, onWarning);
        if (content is null)
        {
            Skip(path, "it vanished while its directory was being read");
            return;
        }

        TarMember file = Member(TarType.File, name, content.Status) with { SizeBytes = content.Status.SizeBytes };
        await tar.WriteAsync(file, content.Stream, cancellationToken);
        _soFar = _soFar with { Files = _soFar.Files + 1, Bytes = _soFar.Bytes + content.Status.SizeBytes };
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
        _soFar = _soFar with { Skipped = _soFar.Skipped + 1 };
    }

    private static IReadOnlyList<string> Names(string path) => Reading(path, () => DirectoryTree.Names(path));

    private static FileStatus? Status(string path) => Reading(path, () => FileStatus.OfName(path));

    /// <summary>Null if nothing has the name any more.</summary>
    private static string? LinkTarget(string path) =>
        LinuxCalls.LinkTarget(path) is { } target ? target
        : LinuxError.Last(path) is var failure and not FileNotFoundException ? throw failure
        : null;

    private static T Reading<T>(string path, Func<T> read)
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

    private static string Word(FileKind kind) => kind switch
    {
        FileKind.Socket => "socket",
        FileKind.Fifo => "fifo",
        FileKind.BlockDevice => "block device",
        FileKind.CharacterDevice => "character device",
        _ => $"file of the unknown kind {(int)kind}",
    };
}
