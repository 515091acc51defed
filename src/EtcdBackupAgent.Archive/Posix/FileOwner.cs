using System.Runtime.InteropServices;

namespace EtcdBackupAgent.Archive.Posix;

/// <summary>Changes the owners of files.</summary>
public static class FileOwner
{
    /// <summary>
    /// Changes the owner of a directory and everything below it to the user and group of another directory. Only root
    /// may change an owner. Entries that already have this owner are skipped, so other users can call this too.
    /// </summary>
    /// <param name="tree">The directory to change. Symbolic links are not followed.</param>
    /// <param name="likeDirectory">The directory whose owner and group are used.</param>
    /// <exception cref="IOException">
    /// A path does not exist, or this user may not change the owner. The message contains the system's.
    /// </exception>
    public static void GiveTree(string tree, string likeDirectory)
    {
        FileStatus like = StatusOf(likeDirectory);
        IEnumerable<string> paths = Directory
            .EnumerateFileSystemEntries(tree, "*", new EnumerationOptions
            {
                RecurseSubdirectories = true,
                AttributesToSkip = FileAttributes.None,
            })
            .Append(tree);
        foreach (string path in paths)
        {
            FileStatus status = StatusOf(path);
            if ((status.User, status.Group) != (like.User, like.Group)
                && LinuxCalls.ChangeOwner(path, like.User, like.Group) != 0)
            {
                throw new IOException(
                    $"The owner of {path} cannot be changed to user {like.User}: "
                    + $"{Marshal.GetLastPInvokeErrorMessage()}");
            }
        }
    }

    private static FileStatus StatusOf(string path) =>
        FileStatus.OfName(path) ?? throw new FileNotFoundException($"{path} does not exist.");
}
