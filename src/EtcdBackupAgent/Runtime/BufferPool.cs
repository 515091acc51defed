using System.Globalization;
using EtcdBackupAgent.Etcd;

namespace EtcdBackupAgent.Runtime;

/// <summary>
/// Lets the runtime's shared buffer pool keep as many buffers as the window of a snapshot needs. HTTP/2 keeps the data
/// that waits for the reader in 16 KiB buffers from this pool. By default the pool keeps 32 for each core and drops the
/// rest, so that buffers would become garbage as fast as etcd sends.
/// </summary>
internal static class BufferPool
{
    /// <summary>The runtime reads this variable when the pool is first used. There is no other way to set it.</summary>
    public const string Variable = "DOTNET_SYSTEM_BUFFERS_SHAREDARRAYPOOL_MAXARRAYSPERPARTITION";

    private const int Http2BufferBytes = 16 * 1024;

    /// <summary>Must be called before anything else uses the pool. Keeps a setting of the operator.</summary>
    public static void FitSnapshotWindow()
    {
        if (Environment.GetEnvironmentVariable(Variable) is null)
        {
            int buffers = EtcdConnection.SnapshotWindowBytes / Http2BufferBytes;
            Environment.SetEnvironmentVariable(Variable, buffers.ToString(CultureInfo.InvariantCulture));
        }
    }
}
