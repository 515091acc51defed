using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;

namespace EtcdBackupAgent.Core.Addresses;

/// <summary>
/// The URL of a server as a person writes it: scheme, host, an optional port, an optional slash. It is used as it is
/// written, or refused. <see cref="Uri"/> alone would cut white space, drop a fragment, resolve <c>..</c>, and read
/// <c>010.0.0.1</c>, <c>0x7f.1</c> and <c>%61</c> as something else. Only the case of scheme and host is not kept; DNS
/// and RFC 3986 (section 6.2.2.1) ignore it.
/// </summary>
public static partial class ServerUrl
{
    /// <summary>Reads a URL with one of these schemes, which are in lower case.</summary>
    public static ServerUrlFault Read(string text, out Uri? url, params ReadOnlySpan<string> schemes) =>
        Read(text, allowsPath: false, out url, schemes);

    /// <summary>Reads a URL of a server that may be below a path, such as an API server behind a proxy.</summary>
    public static ServerUrlFault ReadWithPath(string text, out Uri? url, params ReadOnlySpan<string> schemes) =>
        Read(text, allowsPath: true, out url, schemes);

    /// <summary>Returns whether the URL contains a port, even the scheme's default.</summary>
    public static bool NamesPort(string text) =>
        HostPattern().Match(Pattern().Match(text).Groups["authority"].Value).Groups["port"].Success;

    /// <summary>Returns what is wrong, as the end of a sentence that starts with the URL in quotes.</summary>
    public static string Describe(ServerUrlFault fault) => fault switch
    {
        ServerUrlFault.NotUrl => "is not a URL; write http:// or https://, a host, and optionally a port",
        ServerUrlFault.Scheme => "has a scheme other than http and https",
        ServerUrlFault.User => "contains a user or password",
        ServerUrlFault.Host =>
            "has a host that is neither a DNS name of ASCII characters nor an IP address in its usual form",
        ServerUrlFault.Port => "has a port that is not a number from 1 to 65535",
        _ => "continues after the host and port; write only http:// or https://, a host, and optionally a port",
    };

    private static ServerUrlFault Read(string text, bool allowsPath, out Uri? url, ReadOnlySpan<string> schemes)
    {
        url = null;
        Match match = Pattern().Match(text);
        string scheme = match.Groups["scheme"].Value.ToLowerInvariant();
        string authority = match.Groups["authority"].Value;
        Match host = HostPattern().Match(authority);
        ServerUrlFault fault =
            !match.Success ? ServerUrlFault.NotUrl
            : !schemes.Contains(scheme) ? ServerUrlFault.Scheme
            : authority.Length == 0 || authority.EndsWith('@') ? ServerUrlFault.NotUrl
            : authority.Contains('@', StringComparison.Ordinal) ? ServerUrlFault.User
            : !IsRest(match.Groups["rest"].Value, allowsPath) ? ServerUrlFault.Rest
            : !host.Success ? ServerUrlFault.Host
            : !IsPort(host.Groups["port"].Value) ? ServerUrlFault.Port
            : ServerUrlFault.None;
        if (fault != ServerUrlFault.None)
        {
            return fault;
        }

        bool isSame = Uri.TryCreate(text, UriKind.Absolute, out Uri? read) && IsHost(read, host.Groups["host"].Value);
        url = isSame ? read : null;
        return isSame ? ServerUrlFault.None : ServerUrlFault.Host;
    }

    /// <summary>
    /// Returns whether the rest has no query, no fragment, and no path segment that <see cref="Uri"/> resolves.
    /// </summary>
    private static bool IsRest(string rest, bool allowsPath) =>
        rest is "" or "/"
        || (allowsPath && PathPattern().IsMatch(rest) && !rest.Split('/').Any(segment => segment is "." or ".."));

    /// <summary>
    /// Compares the hosts. An IPv6 address may be written in several ways; a DNS name only differs in case.
    /// </summary>
    private static bool IsHost(Uri url, string host) => host.StartsWith('[')
        ? IPAddress.TryParse(host.Trim('[', ']'), out IPAddress? written)
            && IPAddress.TryParse(url.DnsSafeHost, out IPAddress? read) && written.Equals(read)
        : url.Host.Equals(host, StringComparison.OrdinalIgnoreCase);

    private static bool IsPort(string digits) =>
        digits.Length == 0
        || int.Parse(digits, NumberStyles.None, CultureInfo.InvariantCulture) is >= 1 and <= ushort.MaxValue;

    [GeneratedRegex(
        @"^(?<scheme>[A-Za-z][-+.A-Za-z0-9]*)://(?<authority>[^/?#\\]*)(?<rest>.*)\z",
        RegexOptions.ExplicitCapture | RegexOptions.Singleline,
        1000)]
    private static partial Regex Pattern();

    [GeneratedRegex(
        @"^(?<host>\[[0-9A-Fa-f:.]+(%[-._~A-Za-z0-9]+)?\]|[-._A-Za-z0-9]+)(:(?<port>[0-9]{1,5}))?\z",
        RegexOptions.ExplicitCapture,
        1000)]
    private static partial Regex HostPattern();

    [GeneratedRegex(@"^(/[-._~A-Za-z0-9:@!$&'()*+,;=]+)+/?\z", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex PathPattern();
}

/// <summary>Why a text is not the URL of a server.</summary>
public enum ServerUrlFault
{
    None,

    /// <summary>There is no scheme, or no host.</summary>
    NotUrl,

    Scheme,

    /// <summary>It contains an '@'. The text before it may contain a password, so no message repeats it.</summary>
    User,

    Host,

    Port,

    /// <summary>A path, a query or a fragment.</summary>
    Rest,
}
