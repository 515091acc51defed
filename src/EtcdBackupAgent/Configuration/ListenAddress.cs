using System.Net;
using EtcdBackupAgent.Core.Failures;

namespace EtcdBackupAgent.Configuration;

/// <summary>The address and port that <c>--listen</c> names.</summary>
internal static class ListenAddress
{
    public const string Option = "--listen";

    /// <exception cref="BackupException"><see cref="FailureReason.InvalidInput"/>.</exception>
    public static IPEndPoint Parse(string text)
    {
        // IPEndPoint.TryParse accepts a bare number as an address, and an address without a port as one with port 0.
        int colon = text.LastIndexOf(':');
        return colon > 0
            && text[colon - 1] != ':'
            && IPEndPoint.TryParse(text, out IPEndPoint? address)
            && address.Port > 0
                ? address
                : throw new BackupException(
                    FailureReason.InvalidInput, $"{Option} '{text}' is not an address and a port.")
                {
                    Hint = "Write ADDRESS:PORT, such as 127.0.0.1:9090, 0.0.0.0:9090 for all addresses, or [::1]:9090; "
                        + "a port is a number from 1 to 65535.",
                };
    }
}
