using System.Runtime.InteropServices;
using EtcdBackupAgent.Archive.Posix;
using Microsoft.Win32.SafeHandles;

namespace EtcdBackupAgent.Archive.Tar;

/// <summary>
/// The directory that a tar is extracted to. All paths must be checked before: see the rules of
/// <see cref="TarExtractor"/>.
/// </summary>
internal sealed class ExtractionTarget
{
    private const UnixFileMode PrivateFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode PrivateDirectory = PrivateFile | UnixFileMode.UserExecute;

    private readonly string _top;
    private readonly UnixFileMode _previousMode;
    private readonly List<string> _created = [""];
    private readonly Dictionary<string, ArchivedEntry> _directories = new(StringComparer.Ordinal);
    private readonly bool _ownersAreRestored = Environment.IsPrivilegedProcess;

    private ExtractionTarget(string top, UnixFileMode previousMode)
    {
        _top = top;
        _previousMode = previousMode;
    }

    public static ExtractionTarget Prepare(string directory)
    {
        string top = Path.GetFullPath(directory);
        Directory.CreateDirectory(top, PrivateDirectory);
        UnixFileMode previousMode = File.GetUnixFileMode(top);
        File.SetUnixFileMode(top, PrivateDirectory);
        if (!Directory.EnumerateFileSystemEntries(top).Any())
        {
            return new ExtractionTarget(top, previousMode);
        }

        File.SetUnixFileMode(top, previousMode);
        throw new IOException($"The directory {top}, to extract to, is not empty.");
    }

    public void MakeDirectory(string relative)
    {
        Check(LinuxCalls.MakeDirectory(PathOf(relative), (uint)PrivateDirectory), "create the directory", relative);
        _created.Add(relative);
    }

    public void AddDirectory(ArchivedEntry entry, bool isNew)
    {
        if (isNew)
        {
            MakeDirectory(entry.Path.Relative);
        }

        _directories[entry.Path.Relative] = entry;
    }

    public async Task AddFileAsync(ArchivedEntry entry, TarEntries entries, CancellationToken cancellationToken)
    {
        const int newFile = LinuxCalls.WriteOnly | LinuxCalls.Create | LinuxCalls.Exclusive | LinuxCalls.CloseOnExec;
        string relative = entry.Path.Relative;
        using SafeFileHandle handle = LinuxCalls.Open(PathOf(relative), newFile, (uint)PrivateFile);
        Check(handle.IsInvalid ? -1 : 0, "create the file", relative);
        await using FileStream file = new(handle, FileAccess.Write, bufferSize: 0);
        await entries.CopyContentAsync(file, cancellationToken);
        RestoreOwner(entry);
        File.SetUnixFileMode(handle, entry.Mode);
        Check(LinuxCalls.SetTimes(handle, [entry.Modified, entry.Modified]), "restore the time of", relative);
    }

    public void AddSymbolicLink(ArchivedEntry entry)
    {
        string relative = entry.Path.Relative;
        Check(LinuxCalls.MakeSymbolicLink(entry.LinkTarget, PathOf(relative)), "create the symbolic link", relative);
        RestoreOwner(entry);
        RestoreTime(entry);
    }

    public void AddHardLink(ArchivedEntry entry)
    {
        string earlier = PathOf(entry.Earlier!.Relative);
        string relative = entry.Path.Relative;
        Check(LinuxCalls.MakeHardLink(earlier, PathOf(relative)), "create the hard link", relative);
    }

    /// <summary>
    /// Restores the attributes of directories in reverse order of creation, so the innermost come first.
    /// </summary>
    public void FinishDirectories()
    {
        foreach (string relative in Enumerable.Reverse(_created))
        {
            if (_directories.TryGetValue(relative, out ArchivedEntry? entry))
            {
                RestoreOwner(entry);
                RestoreTime(entry);
                Check(LinuxCalls.ChangeMode(PathOf(relative), (uint)entry.Mode), "restore the mode of", relative);
            }
            else if (relative.Length == 0)
            {
                File.SetUnixFileMode(_top, _previousMode);
            }
        }
    }

    private void RestoreOwner(ArchivedEntry entry)
    {
        if (_ownersAreRestored)
        {
            string relative = entry.Path.Relative;
            Check(LinuxCalls.ChangeOwner(PathOf(relative), entry.User, entry.Group), "restore the owner of", relative);
        }
    }

    private void RestoreTime(ArchivedEntry entry)
    {
        FileTime[] times = [entry.Modified, entry.Modified];
        string relative = entry.Path.Relative;
        Check(
            LinuxCalls.SetTimes(LinuxCalls.CurrentDirectory, PathOf(relative), times, LinuxCalls.SymbolicLinkItself),
            "restore the time of",
            relative);
    }

    private string PathOf(string relative) => Path.Join(_top, relative);

    private static void Check(int result, string action, string relative)
    {
        if (result != 0)
        {
            throw new IOException(
                $"Cannot {action} {EntryPath.Shown(relative)}: {Marshal.GetLastPInvokeErrorMessage()}.");
        }
    }
}
