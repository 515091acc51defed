using EtcdBackupAgent.Core.Policies;

namespace EtcdBackupAgent.Kubernetes.Resources;

/// <summary>The URL of a server, of S3 or of etcd: scheme, host and perhaps a port, and nothing else.</summary>
internal static class EndpointUrl
{
    /// <summary>Null if it is none, which is then among the problems.</summary>
    public static Uri? Read(string text, string field, FieldReader fields)
    {
        // Somebody who writes a password into a URL shall not read it in a log.
        string shown = text.Contains('@', StringComparison.Ordinal) ? "the URL" : ResourceProblems.Show(text);
        if (!Uri.TryCreate(text, UriKind.Absolute, out Uri? url) || !text.Contains("://", StringComparison.Ordinal))
        {
            fields.Error(field, $"{shown} is not a URL; write http:// or https://, a host, and perhaps a port");
            return null;
        }

        if (url.Scheme is not ("http" or "https"))
        {
            fields.Error(
                field,
                $"{shown} has the scheme '{url.Scheme}'; allowed are http and https"
                + NearestName.Question(url.Scheme, ["http", "https"]));
            return null;
        }

        if (url.UserInfo.Length > 0 || text.Contains('@', StringComparison.Ordinal))
        {
            fields.Error(field, "the URL holds a user or password; those belong in a Secret");
            return null;
        }

        if (url.Host.Length == 0 || url.PathAndQuery is not ("/" or "") || url.Fragment.Length > 0 || url.Port == 0)
        {
            fields.Error(
                field,
                $"{shown} goes on after the host and port; write only http:// or https://, a host, and perhaps a port");
            return null;
        }

        return url;
    }
}
