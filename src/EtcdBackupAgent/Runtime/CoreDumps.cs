using System.Runtime.InteropServices;

namespace EtcdBackupAgent.Runtime;

/// <summary>
/// Disables core files of this process: they would contain passphrases, keys and parts of the cluster's Secrets, in a
/// place that was not chosen for secrets. See setrlimit(2): a process can always lower its own limits.
/// </summary>
internal static partial class CoreDumps
{
    /// <summary>RLIMIT_CORE of Linux: the maximum size of a core file, in bytes.</summary>
    private const int CoreFileBytes = 4;

    public static void Disable()
    {
        ResourceLimit none = default;
        if (SetLimit(CoreFileBytes, in none) != 0)
        {
            throw new InvalidOperationException(
                $"Failed to disable core files: {Marshal.GetLastPInvokeErrorMessage()}.");
        }
    }

    [LibraryImport("libc", EntryPoint = "setrlimit", SetLastError = true)]
    private static partial int SetLimit(int resource, in ResourceLimit limit);

    /// <summary>struct rlimit: the soft and the hard limit.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct ResourceLimit
    {
        public nuint Soft;
        public nuint Hard;
    }
}
