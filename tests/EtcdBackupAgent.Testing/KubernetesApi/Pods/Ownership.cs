using System.ComponentModel;
using System.Runtime.InteropServices;

namespace EtcdBackupAgent.Testing.KubernetesApi.Pods;

/// <summary>Changes the owners of files with chown(2).</summary>
internal static partial class Ownership
{
    /// <summary>Changes the user and the group of a directory and of all entries in it.</summary>
    public static void Change(string directory, long user, long group)
    {
        foreach (
            string path in Directory
                .EnumerateFileSystemEntries(directory, "*", SearchOption.AllDirectories)
                .Append(directory))
        {
            if (ChangeOwner(path, (uint)user, (uint)group) != 0)
            {
                throw new Win32Exception(
                    Marshal.GetLastPInvokeError(), $"Failed to change the owner of '{path}' to {user}:{group}.");
            }
        }
    }

    [LibraryImport("libc", EntryPoint = "lchown", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int ChangeOwner(string path, uint user, uint group);
}
