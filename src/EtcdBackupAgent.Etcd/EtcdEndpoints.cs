using EtcdBackupAgent.Core.Addresses;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Policies;

namespace EtcdBackupAgent.Etcd;

/// <summary>
/// Reads client URLs of etcd members as people write them: <c>https://10.0.0.1:2379,https://[fd00::2]:2379</c>.
/// </summary>
public static class EtcdEndpoints
{
    /// <summary>The port of a URL without a port.</summary>
    public const int DefaultPort = BackupPolicy.EtcdPortDefault;

    /// <summary>Reads one or several URLs, separated by commas with optional spaces around them.</summary>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.InvalidInput"/>, naming the first invalid URL and why it is invalid.
    /// </exception>
    public static IReadOnlyList<Uri> Parse(string text)
    {
        string[] parts = text.Split(',', StringSplitOptions.TrimEntries);
        return text.Trim().Length == 0 ? throw Invalid(text, "it is empty")
            : parts.Contains("") ? throw Invalid(text, "there is nothing before or after one of its commas")
            : [.. parts.Select(ParseOne)];
    }

    /// <summary>Checks an endpoint that did not come from <see cref="Parse"/>.</summary>
    internal static void Check(Uri endpoint)
    {
        if (!endpoint.IsAbsoluteUri || (endpoint.Scheme != Uri.UriSchemeHttps && endpoint.Scheme != Uri.UriSchemeHttp))
        {
            throw Invalid(endpoint.OriginalString, "it does not start with https:// or http://");
        }

        // User information is not repeated: it may contain a password.
        if (endpoint.UserInfo.Length > 0)
        {
            throw Invalid(Display(endpoint), "it contains a user; user and password are given separately");
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
        ServerUrlFault fault = ServerUrl.Read(text, out Uri? endpoint, Uri.UriSchemeHttps, Uri.UriSchemeHttp);
        if (endpoint is not null)
        {
            return ServerUrl.NamesPort(text) ? endpoint : new UriBuilder(endpoint) { Port = DefaultPort }.Uri;
        }

        if (fault == ServerUrlFault.User)
        {
            // User information is not repeated: it may contain a password.
            string scheme = text[..(text.IndexOf("://", StringComparison.Ordinal) + 3)];
            throw Invalid(
                scheme + text[(text.LastIndexOf('@') + 1)..],
                "it contains a user; user and password are given separately");
        }

        throw Invalid(text, fault switch
        {
            // "10.0.0.1:2379" has no scheme, and "localhost:2379" the scheme "localhost".
            ServerUrlFault.NotUrl => "it is not a URL such as https://10.0.0.1:2379",
            ServerUrlFault.Scheme => "it does not start with https:// or http://",
            ServerUrlFault.Rest => "it has a path or query; only scheme, host and port are allowed",
            _ => $"it {ServerUrl.Describe(fault)}",
        });
    }

    private static BackupException Invalid(string endpoint, string why) =>
        new(FailureReason.InvalidInput, $"The etcd endpoint '{endpoint}' cannot be used: {why}.");
}
