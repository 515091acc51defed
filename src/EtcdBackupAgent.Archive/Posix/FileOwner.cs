using System.Runtime.InteropServices;

namespace EtcdBackupAgent.Archive.Posix;

/// <summary>Whom files belong to.</summary>
public static class FileOwner
{
    /// <summary>
    /// Gives a directory and everything below it to the user and group of another directory. Does nothing where they own it already,
    /// so only root, who alone may give files away, ever has to.
    /// </summary>
    /// <param name="tree">The directory to give; no links are followed.</param>
    /// <param name="likeDirectory">The directory whose owner it gets.</param>
    /// <exception cref="IOException">A path is missing, or the owner must not be changed; the message is the system's.</exception>
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
                throw new IOException($"{path} cannot be given to user {like.User}: {Marshal.GetLastPInvokeErrorMessage()}");
            }
        }
    }

    private static FileStatus StatusOf(string path) =>
        FileStatus.OfName(path) ?? throw new FileNotFoundException($"{path} is not there.");
}
