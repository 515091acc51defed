using System.Globalization;

namespace EtcdBackupAgent.Core.Proxies;

/// <summary>
/// A request failed because of a proxy, not because of the server behind it. The message is the second part of a
/// sentence.
/// </summary>
public sealed class ProxyException : Exception
{
    private const int AuthenticationRequired = 407;

    private ProxyException(string message, string hint, bool isTransient, Exception? innerException)
        : base(message, innerException) => (Hint, IsTransient) = (hint, isTransient);

    public string Hint { get; }

    /// <summary>Whether the same request may succeed a moment later.</summary>
    public bool IsTransient { get; }

    /// <summary>Creates the exception for a proxy that cannot be reached.</summary>
    public static ProxyException Unreachable(
        ProxyAddress proxy, Uri target, string why, Exception innerException) => new(
        $"the proxy {proxy} cannot be reached: {why.TrimEnd('.')}.",
        $"Check the proxy's address, or add {target.Host} to NO_PROXY to reach it directly.",
        isTransient: true,
        innerException);

    /// <summary>Creates the exception for a proxy that does not connect to the server.</summary>
    /// <param name="proxy">The proxy.</param>
    /// <param name="target">The requested server.</param>
    /// <param name="status">The HTTP status of the proxy; null if it is not an HTTP proxy, or did not respond.</param>
    /// <param name="innerException">The platform's exception.</param>
    public static ProxyException NotConnected(ProxyAddress proxy, Uri target, int? status, Exception innerException) =>
        status == AuthenticationRequired
            ? Unauthenticated(proxy, innerException)
            : new ProxyException(
                $"the proxy {proxy} does not connect to {target.Authority}"
                + (status is null ? "." : string.Create(CultureInfo.InvariantCulture, $": it answered {status}.")),
                HintFor(target),
                IsTemporary(status),
                innerException);

    /// <summary>
    /// Creates the exception for a response that came from the proxy or from another device on the way, not from the
    /// server.
    /// </summary>
    /// <param name="proxy">The proxy.</param>
    /// <param name="target">The requested server.</param>
    /// <param name="server">The kind of server, as in "an S3 server".</param>
    /// <param name="status">The HTTP status.</param>
    public static ProxyException Answered(ProxyAddress proxy, Uri target, string server, int status) =>
        status == AuthenticationRequired
            ? Unauthenticated(proxy, innerException: null)
            : new ProxyException(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"the answer {status} came from the proxy {proxy}, or through it, and is not one of {server}."),
                HintFor(target),
                IsTemporary(status),
                innerException: null);

    private static ProxyException Unauthenticated(ProxyAddress proxy, Exception? innerException) => new(
        proxy.User is { } user
            ? $"the proxy {proxy} does not accept the user '{user.UserName}' and its password (407)."
            : $"the proxy {proxy} asks for a user and a password (407).",
        "Write them into the proxy's URL: http://USER:PASSWORD@proxy:3128, with %40 for @, %3A for : and %2F for /.",
        isTransient: false,
        innerException);

    private static string HintFor(Uri target) =>
        $"Configure the proxy to allow {target.Authority}, or add {target.Host} to NO_PROXY to reach it directly.";

    /// <summary>
    /// 502, 503 and 504: the proxy did not reach the server this time. Null: the status is not known.
    /// </summary>
    private static bool IsTemporary(int? status) => status is null or (>= 502 and <= 504);
}
