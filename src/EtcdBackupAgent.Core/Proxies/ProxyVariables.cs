namespace EtcdBackupAgent.Core.Proxies;

/// <summary>The environment variables that configure proxies; each also exists in upper case.</summary>
public static class ProxyVariables
{
    public const string Http = "http_proxy";
    public const string Https = "https_proxy";
    public const string All = "all_proxy";
    public const string NoProxy = "no_proxy";

    /// <summary>All names, in both cases.</summary>
    public static IReadOnlyList<string> Names { get; } =
        [.. new[] { Http, Https, All, NoProxy }.SelectMany(name => new[] { name.ToUpperInvariant(), name })];
}
