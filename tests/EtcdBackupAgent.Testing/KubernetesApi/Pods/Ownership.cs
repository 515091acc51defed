using System.ComponentModel;
using System.Runtime.InteropServices;

namespace EtcdBackupAgent.Testing.KubernetesApi.Pods;

/// <summary>Whose a file is: chown(2).</summary>
internal static partial class Ownership
{
    /// <summary>Gives a directory, and all that is in it, to a user and a group.</summary>
    public static void Give(string directory, long user, long group)
    {
        foreach (
            string path in Directory
                .EnumerateFileSystemEntries(directory, "*", SearchOption.AllDirectories)
                .Append(directory))
        {
            if (ChangeOwner(path, (uint)user, (uint)group) != 0)
            {
                throw new Win32Exception(Marshal.GetLastPInvokeError(), $"Cannot give '{path}' to {user}:{group}.");
            }
        }
    }

    [LibraryImport("libc", EntryPoint = "lchown", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int ChangeOwner(string path, uint user, uint group);
}
