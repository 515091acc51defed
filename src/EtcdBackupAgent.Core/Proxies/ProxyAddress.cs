using System.Net;
using EtcdBackupAgent.Core.Failures;

namespace EtcdBackupAgent.Core.Proxies;

/// <summary>
/// The address of a proxy and its user. <see cref="ToString"/> returns the address without user and password.
/// </summary>
public sealed class ProxyAddress
{
    private static readonly string[] Schemes = ["http", "https", "socks4", "socks4a", "socks5"];

    private ProxyAddress(Uri address, NetworkCredential? user) => (Address, User) = (address, user);

    /// <summary>The address without user and password.</summary>
    public Uri Address { get; }

    /// <summary>The user and password of the URL; null if it has none.</summary>
    public NetworkCredential? User { get; }

    /// <summary>Parses <c>http://user:password@proxy:3128</c>; without a scheme it is an HTTP proxy.</summary>
    /// <param name="origin">The source of the text for messages: the name of a variable or a field.</param>
    /// <param name="text">The text. No message contains it, because it may contain a password.</param>
    /// <exception cref="BackupException"><see cref="FailureReason.InvalidInput"/>.</exception>
    public static ProxyAddress Parse(string origin, string text)
    {
        string url = text.Trim();
        if (!url.Contains("://", StringComparison.Ordinal))
        {
            url = $"http://{url}";
        }

        // curl and Go know socks5h: the proxy resolves names. This platform does that for socks5.
        if (url.StartsWith("socks5h://", StringComparison.OrdinalIgnoreCase))
        {
            url = $"socks5{url["socks5h".Length..]}";
        }

        if (!Uri.TryCreate(url, UriKind.Absolute, out Uri? parsed) || !Schemes.Contains(parsed.Scheme)
            || parsed.Host.Length == 0)
        {
            throw new BackupException(FailureReason.InvalidInput, $"{origin} is not the URL of a proxy.")
            {
                Hint = "Write it as http://proxy.example.com:3128, or with a user as http://USER:PASSWORD@HOST:PORT; "
                    + "https:// and socks5:// are also possible. In a user or password write @ : / as %40 %3A %2F.",
            };
        }

        const int SocksPort = 1080;
        int port = parsed.Port > 0 ? parsed.Port : SocksPort;
        return new ProxyAddress(new UriBuilder(parsed.Scheme, parsed.Host, port).Uri, UserOf(parsed));
    }

    public override string ToString() => $"{Address.Scheme}://{Address.Host}:{Address.Port}";

    private static NetworkCredential? UserOf(Uri url)
    {
        if (url.UserInfo.Length == 0)
        {
            return null;
        }

        string[] parts = url.UserInfo.Split(':', 2);
        return new NetworkCredential(
            Uri.UnescapeDataString(parts[0]), parts.Length > 1 ? Uri.UnescapeDataString(parts[1]) : "");
    }
}
