using System.Globalization;
using EtcdBackupAgent.Etcd;

namespace EtcdBackupAgent.Runtime;

/// <summary>
/// Lets the runtime's shared pool of buffers hold as many as a snapshot's window has. HTTP/2 keeps what waits for the reader in
/// buffers of 16 KiB from there, and the pool drops those beyond 32 for each core: they would be garbage as fast as etcd sends.
/// </summary>
internal static class BufferPool
{
    /// <summary>What the runtime reads when the pool is first used; there is no other way to tell it.</summary>
    public const string Variable = "DOTNET_SYSTEM_BUFFERS_SHAREDARRAYPOOL_MAXARRAYSPERPARTITION";

    private const int Http2BufferBytes = 16 * 1024;

    /// <summary>To be called before anything else uses the pool. An operator's own setting stays.</summary>
    public static void KeepWindows()
    {
        if (Environment.GetEnvironmentVariable(Variable) is null)
        {
            int buffers = EtcdConnection.SnapshotWindowBytes / Http2BufferBytes;
            Environment.SetEnvironmentVariable(Variable, buffers.ToString(CultureInfo.InvariantCulture));
        }
    }
}
