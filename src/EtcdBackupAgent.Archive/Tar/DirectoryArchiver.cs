using System.Formats.Tar;
using System.Globalization;
using EtcdBackupAgent.Archive.FileSystem;

namespace EtcdBackupAgent.Archive.Tar;

/// <summary>Walks a directory and writes it as a tar.</summary>
/// <remarks>
/// 1. The top directory, as <c>./</c>.<br/>
/// 2. What is in it, by name: a directory is followed by what is in it.<br/>
/// 3. The end of the archive, and the summary.
/// </remarks>
internal sealed class DirectoryArchiver(string directory, Action<string> onWarning)
{
    /// <summary>Stands for owners that System.Formats.Tar cannot write: 65534, by convention nobody.</summary>
    private const int Nobody = 65534;

    private static readonly EnumerationOptions Everything = new() { AttributesToSkip = FileAttributes.None };

    private readonly AccountNames _users = AccountNames.Read(AccountNames.UsersFile);
    private readonly AccountNames _groups = AccountNames.Read(AccountNames.GroupsFile);
    private TarSummary _soFar = TarSummary.Empty;

    /// <summary>Null before the end.</summary>
    public TarSummary? Summary { get; private set; }

    /// <summary>Leaves the target open.</summary>
    /// <exception cref="DirectoryReadException">Something cannot be read.</exception>
    public async Task WriteAsync(Stream target, CancellationToken cancellationToken)
    {
        await using (TarWriter tar = new(target, TarEntryFormat.Pax, leaveOpen: true))
        {
            // 1. The directory itself may be reached through a symbolic link; nothing below it is.
            FileStatus top = Status(Path.Join(directory, "."))
                ?? throw new DirectoryReadException(directory, "it vanished.");
            await tar.WriteEntryAsync(Entry(TarEntryType.Directory, "./", directory, top), cancellationToken);

            // 2.
            await WriteContentAsync(tar, "", cancellationToken);
        }

        // 3.
        Summary = _soFar;
    }

    private async Task WriteContentAsync(TarWriter tar, string parent, CancellationToken cancellationToken)
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
                    TarEntry entry = Entry(TarEntryType.Directory, name + "/", path, status);
                    await tar.WriteEntryAsync(entry, cancellationToken);
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
        TarWriter tar, string name, string path, FileStatus status, CancellationToken cancellationToken)
    {
        string? target = Reading(path, () => new FileInfo(path).LinkTarget);
        if (target is null)
        {
            Skip(path, "it vanished while its directory was being read");
            return;
        }

        if (target.Contains('\uFFFD', StringComparison.Ordinal))
        {
            throw new DirectoryReadException(path, "the target of this symbolic link is not UTF-8.");
        }

        PaxTarEntry entry = Entry(TarEntryType.SymbolicLink, name, path, status);
        entry.LinkName = target;
        await tar.WriteEntryAsync(entry, cancellationToken);
        _soFar = _soFar with { Links = _soFar.Links + 1 };
    }

    private async Task WriteFileAsync(TarWriter tar, string name, string path, CancellationToken cancellationToken)
    {
        using FileContent? content = FileContent.Open(path, onWarning);
        if (content is null)
        {
            Skip(path, "it vanished while its directory was being read");
            return;
        }

        PaxTarEntry entry = Entry(TarEntryType.RegularFile, name, path, content.Status);
        entry.DataStream = content.Stream;
        await tar.WriteEntryAsync(entry, cancellationToken);
        _soFar = _soFar with { Files = _soFar.Files + 1, Bytes = _soFar.Bytes + content.Status.SizeBytes };
    }

    private PaxTarEntry Entry(TarEntryType type, string name, string path, FileStatus status)
    {
        // The writer would put the present time into atime and ctime: the archive of one directory would differ each time.
        string modified = ((decimal)(status.Modified - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerSecond)
            .ToString(CultureInfo.InvariantCulture);
        Dictionary<string, string> times = new(StringComparer.Ordinal) { ["atime"] = modified, ["ctime"] = modified };
        return new PaxTarEntry(type, name, times)
        {
            Mode = status.Mode,
            Uid = Number(status.User, path),
            Gid = Number(status.Group, path),
            UserName = _users.Of(status.User),
            GroupName = _groups.Of(status.Group),
            ModificationTime = status.Modified,
        };
    }

    private int Number(uint owner, string path)
    {
        if (owner <= int.MaxValue)
        {
            return (int)owner;
        }

        onWarning($"The owner {owner} of {path} is too large a number for the archive: {Nobody} is written instead.");
        return Nobody;
    }

    private void Skip(string path, string reason)
    {
        onWarning($"{path} is not archived: {reason}.");
        _soFar = _soFar with { Skipped = _soFar.Skipped + 1 };
    }

    private static string[] Names(string path)
    {
        string[] names = Reading(path, () => Directory.GetFileSystemEntries(path, "*", Everything));
        names = [.. names.Select(name => Path.GetFileName(name))];
        Array.Sort(names, string.CompareOrdinal);
        return names;
    }

    private static FileStatus? Status(string path)
    {
        FileStatus? status = Reading(path, () => FileStatus.OfName(path));
        return status is null && path.Contains('\uFFFD', StringComparison.Ordinal)
            ? throw new DirectoryReadException(path, "its name is not UTF-8.")
            : status;
    }

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
