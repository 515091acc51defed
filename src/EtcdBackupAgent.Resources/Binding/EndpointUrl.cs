using EtcdBackupAgent.Core.Addresses;
using EtcdBackupAgent.Core.Policies;

namespace EtcdBackupAgent.Resources.Binding;

/// <summary>Reads the URL of a server, S3 or etcd, from a field of a document: see <see cref="ServerUrl"/>.</summary>
internal static class EndpointUrl
{
    /// <summary>Returns the URL; null if it is invalid, which is then among the problems.</summary>
    public static Uri? Read(string text, string field, FieldReader fields)
    {
        ServerUrlFault fault = ServerUrl.Read(text, out Uri? url, Uri.UriSchemeHttp, Uri.UriSchemeHttps);

        // A password in a URL must not be repeated in a log.
        string shown = text.Contains('@', StringComparison.Ordinal) ? "the URL" : ResourceProblems.Quote(text);
        string scheme = text.Split(':')[0];
        switch (fault)
        {
            case ServerUrlFault.None:
                break;
            case ServerUrlFault.User:
                fields.Error(field, "the URL contains a user or password; those belong in a Secret");
                break;
            case ServerUrlFault.Scheme:
                fields.Error(
                    field,
                    $"{shown} has the scheme '{scheme}'; allowed are http and https"
                    + NearestName.Question(scheme, ["http", "https"]));
                break;
            default:
                fields.Error(field, $"{shown} {ServerUrl.Describe(fault)}");
                break;
        }

        return url;
    }
}
