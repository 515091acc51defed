using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace EtcdBackupAgent.Testing.Processes;

/// <summary>
/// Reserves ports on 127.0.0.1 for servers that need a fixed port. A port stays reserved until the test host ends.
/// Other test hosts of the same user see a lock on the byte of the port in a shared file, and the kernel does not use
/// this range for outgoing connections.
/// </summary>
public static class FreePort
{
    /// <summary>The range is below the kernel's, which begins at 32768 (ip_local_port_range).</summary>
    private const int First = 12_000;

    private const int Last = 32_000;
    private const int AttemptsMax = 1_000;

    private static readonly Lock Gate = new();
    private static readonly HashSet<int> Taken = [];
    private static readonly FileStream Locks = new(
        Path.Combine(Path.GetTempPath(), $"eba-test-ports-{Environment.UserName}"),
        FileMode.OpenOrCreate,
        FileAccess.ReadWrite,
        FileShare.ReadWrite);

    /// <summary>Returns a port on which nothing listens and that no other test uses.</summary>
    /// <exception cref="InvalidOperationException">No free port was found in many attempts.</exception>
    public static int Take()
    {
        lock (Gate)
        {
            for (int attempt = 0; attempt < AttemptsMax; attempt++)
            {
                int port = RandomNumberGenerator.GetInt32(First, Last);
                // A file lock does not exclude the process that holds it, so a set is needed as well.
                if (!Taken.Contains(port) && CanListen(port) && TryLock(port))
                {
                    Taken.Add(port);
                    return port;
                }
            }
        }

        throw new InvalidOperationException($"No port from {First} to {Last} was free in {AttemptsMax} attempts.");
    }

    private static bool TryLock(int port)
    {
        if (!OperatingSystem.IsLinux())
        {
            throw new PlatformNotSupportedException("The tests run on Linux.");
        }

        try
        {
            Locks.Lock(port, 1);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    private static bool CanListen(int port)
    {
        using TcpListener listener = new(IPAddress.Loopback, port);
        try
        {
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
