using System.Runtime.InteropServices;

namespace EtcdBackupAgent.Runtime;

/// <summary>
/// A core file would hold passphrases, keys and pieces of the cluster's Secrets, in a place that nobody chose for them: this process
/// leaves none. setrlimit(2); a process may always lower its own limits.
/// </summary>
internal static partial class CoreDumps
{
    /// <summary>RLIMIT_CORE of Linux: bytes of a core file.</summary>
    private const int CoreFileBytes = 4;

    public static void Disable()
    {
        ResourceLimit none = default;
        if (SetLimit(CoreFileBytes, in none) != 0)
        {
            throw new InvalidOperationException(
                $"Core files could not be turned off: {Marshal.GetLastPInvokeErrorMessage()}.");
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
