using EtcdBackupAgent.Core.Failures;

namespace EtcdBackupAgent.Etcd;

/// <summary>Client URLs of etcd members as people write them: <c>https://10.0.0.1:2379,https://[fd00::2]:2379</c>.</summary>
public static class EtcdEndpoints
{
    /// <summary>The port of a URL that names none.</summary>
    public const int DefaultPort = 2379;

    /// <summary>Reads one or several URLs, separated by commas.</summary>
    /// <exception cref="BackupException"><see cref="FailureReason.InvalidInput"/>, naming the first URL that will not do and why.</exception>
    public static IReadOnlyList<Uri> Parse(string text)
    {
        Uri[] endpoints =
        [
            .. text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(ParseOne),
        ];
        return endpoints.Length > 0 ? endpoints : throw Invalid(text, "it names no endpoint");
    }

    /// <summary>Checks an endpoint that did not come from <see cref="Parse"/>.</summary>
    internal static void Check(Uri endpoint)
    {
        if (!endpoint.IsAbsoluteUri || (endpoint.Scheme != Uri.UriSchemeHttps && endpoint.Scheme != Uri.UriSchemeHttp))
        {
            throw Invalid(endpoint.OriginalString, "it does not start with https:// or http://");
        }

        // User information is not repeated: it may hold a password.
        if (endpoint.UserInfo.Length > 0)
        {
            throw Invalid(Display(endpoint), "it holds a user; user and password are given apart");
        }

        if (endpoint.PathAndQuery is not "/" || endpoint.Fragment.Length > 0)
        {
            throw Invalid(endpoint.OriginalString, "it has a path or query; only scheme, host and port are allowed");
        }
    }

    /// <summary>The endpoint as messages and the manifest show it.</summary>
    internal static string Display(Uri endpoint) => endpoint.GetComponents(
        UriComponents.Scheme | UriComponents.Host | UriComponents.StrongPort, UriFormat.UriEscaped);

    private static Uri ParseOne(string text)
    {
        // "10.0.0.1:2379" and "localhost:2379" are relative or have the scheme "localhost" to Uri.
        if (!text.Contains("://", StringComparison.Ordinal) || !Uri.TryCreate(text, UriKind.Absolute, out Uri? endpoint))
        {
            throw Invalid(text, "it is not a URL such as https://10.0.0.1:2379");
        }

        Check(endpoint);
        return NamesPort(text) ? endpoint : new UriBuilder(endpoint) { Port = DefaultPort }.Uri;
    }

    /// <summary>Uri itself does not tell https://host from https://host:443.</summary>
    private static bool NamesPort(string url)
    {
        string authority = url[(url.IndexOf("://", StringComparison.Ordinal) + 3)..].TrimEnd('/');
        return authority.LastIndexOf(':') > authority.LastIndexOf(']');
    }

    private static BackupException Invalid(string endpoint, string why) =>
        new(FailureReason.InvalidInput, $"The etcd endpoint '{endpoint}' cannot be used: {why}.");
}
