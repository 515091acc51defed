using System.Net;
using EtcdBackupAgent.Core.Failures;

namespace EtcdBackupAgent.Core.Proxies;

/// <summary>
/// Chooses the proxy of a request. The platform's own implementation ignores subnets and <c>*</c> in <c>NO_PROXY</c>,
/// which is why this one exists. See <c>docs/proxies.md</c>.
/// </summary>
public sealed class ProxyRules : IWebProxy
{
    /// <summary>No request goes through a proxy.</summary>
    public static readonly ProxyRules None = new(_ => null);

    private readonly Func<Uri, ProxyAddress?> _find;

    private ProxyRules(Func<Uri, ProxyAddress?> find)
    {
        _find = find;
        Credentials = new Users(this);
    }

    /// <summary>Never set by callers: the users come from the URLs of the proxies.</summary>
    public ICredentials? Credentials { get; set; }

    /// <summary>The proxies that were used so far, by address; they provide the credentials.</summary>
    private Dictionary<Uri, ProxyAddress> Known { get; } = [];

    /// <summary>
    /// Creates the rules of the environment: <c>http_proxy</c> for http, <c>https_proxy</c> for https, <c>all_proxy</c>
    /// if that variable is not set, <c>no_proxy</c> for hosts that are reached directly. If a variable is set in both
    /// cases, the lower case counts. The variables are read on first use, so that an invalid one stops only the
    /// requests that need it.
    /// </summary>
    /// <param name="environment">Returns the value of a variable.</param>
    public static ProxyRules OfEnvironment(Func<string, string?> environment)
    {
        Lazy<NoProxyList> direct = new(() => new NoProxyList(Find(environment, ProxyVariables.NoProxy)?.Value));
        return new ProxyRules(target =>
        {
            string variable = target.Scheme == "https" ? ProxyVariables.Https : ProxyVariables.Http;
            return (Find(environment, variable) ?? Find(environment, ProxyVariables.All)) is { } set
                && !direct.Value.Matches(target)
                ? ProxyAddress.Parse(set.Name, set.Value)
                : null;
        });
    }

    /// <summary>
    /// Creates rules that send every request through this proxy, as a kubeconfig's <c>proxy-url</c> requires.
    /// </summary>
    public static ProxyRules Always(ProxyAddress proxy) => new(_ => proxy);

    /// <summary>Returns the proxy for a target; null if it is reached directly.</summary>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.InvalidInput"/>: the value of the variable is not the URL of a proxy.
    /// </exception>
    public ProxyAddress? For(Uri target)
    {
        if (_find(target) is not { } proxy)
        {
            return null;
        }

        lock (Known)
        {
            Known[proxy.Address] = proxy;
        }

        return proxy;
    }

    Uri? IWebProxy.GetProxy(Uri destination) => For(destination)?.Address;

    bool IWebProxy.IsBypassed(Uri host) => For(host) is null;

    private static (string Name, string Value)? Find(Func<string, string?> environment, string name)
    {
        string upper = name.ToUpperInvariant();

        // In a CGI program, HTTP_PROXY is a header of the client's request.
        bool isForged = upper == "HTTP_PROXY" && environment("REQUEST_METHOD") is not null;
        return environment(name) is { } lower && !string.IsNullOrWhiteSpace(lower) ? (name, lower)
            : !isForged && environment(upper) is { } value && !string.IsNullOrWhiteSpace(value) ? (upper, value)
            : null;
    }

    private sealed class Users(ProxyRules rules) : ICredentials
    {
        public NetworkCredential? GetCredential(Uri uri, string authType)
        {
            lock (rules.Known)
            {
                return rules.Known.GetValueOrDefault(new UriBuilder(uri.Scheme, uri.Host, uri.Port).Uri)?.User;
            }
        }
    }
}
