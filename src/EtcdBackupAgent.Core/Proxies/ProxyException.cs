using System.Globalization;

namespace EtcdBackupAgent.Core.Proxies;

/// <summary>A proxy, and not the server behind it, is why a request failed. The message is the rest of a
/// sentence.</summary>
public sealed class ProxyException : Exception
{
    private const int AuthenticationRequired = 407;

    private ProxyException(string message, string hint, bool isTransient, Exception? innerException)
        : base(message, innerException) => (Hint, IsTransient) = (hint, isTransient);

    public string Hint { get; }

    /// <summary>Whether the same request may succeed a moment later.</summary>
    public bool IsTransient { get; }

    /// <summary>There is no connection to the proxy.</summary>
    public static ProxyException Unreachable(
        ProxyAddress proxy, Uri target, string why, Exception innerException) => new(
        $"the proxy {proxy} cannot be reached: {why.TrimEnd('.')}.",
        $"Check the proxy's address; or name {target.Host} in NO_PROXY to reach it directly.",
        isTransient: true,
        innerException);

    /// <summary>The proxy does not connect to the server.</summary>
    /// <param name="proxy">Which.</param>
    /// <param name="target">The server that was asked for.</param>
    /// <param name="status">What the proxy answered; null if it is not an HTTP proxy, or gave no answer.</param>
    /// <param name="innerException">What the platform says.</param>
    public static ProxyException NotConnected(ProxyAddress proxy, Uri target, int? status, Exception innerException) =>
        status == AuthenticationRequired
            ? Unauthenticated(proxy, innerException)
            : new ProxyException(
                $"the proxy {proxy} does not connect to {target.Authority}"
                + (status is null ? "." : string.Create(CultureInfo.InvariantCulture, $": it answered {status}.")),
                HintFor(target),
                IsPassing(status),
                innerException);

    /// <summary>An answer came from the proxy, or from something else on the way: it is not the server's.</summary>
    /// <param name="proxy">Which.</param>
    /// <param name="target">The server that was asked.</param>
    /// <param name="server">What the server is, as in "an S3 server".</param>
    /// <param name="status">The HTTP status.</param>
    public static ProxyException Answered(ProxyAddress proxy, Uri target, string server, int status) =>
        status == AuthenticationRequired
            ? Unauthenticated(proxy, innerException: null)
            : new ProxyException(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"the answer {status} came from the proxy {proxy}, or through it, and is not one of {server}."),
                HintFor(target),
                IsPassing(status),
                innerException: null);

    private static ProxyException Unauthenticated(ProxyAddress proxy, Exception? innerException) => new(
        proxy.User is { } user
            ? $"the proxy {proxy} does not accept the user '{user.UserName}' and its password (407)."
            : $"the proxy {proxy} asks for a user and a password (407).",
        "Write them into the proxy's URL: http://USER:PASSWORD@proxy:3128, with %40 for @, %3A for : and %2F for /.",
        isTransient: false,
        innerException);

    private static string HintFor(Uri target) =>
        $"See that the proxy lets {target.Authority} pass; or name {target.Host} in NO_PROXY to reach it directly.";

    /// <summary>502, 503 and 504: the proxy did not reach the server this time. Null: it said nothing.</summary>
    private static bool IsPassing(int? status) => status is null or (>= 502 and <= 504);
}
