using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Repository;

namespace EtcdBackupAgent.Configuration;

/// <summary>Reads <c>file:///directory</c> and <c>s3://bucket/prefix</c>, and the URL of an S3 server.</summary>
internal static class RepositoryUrl
{
    /// <exception cref="BackupException"><see cref="FailureReason.InvalidInput"/>.</exception>
    public static DirectRepository Parse(string text)
    {
        if (Uri.TryCreate(text, UriKind.Absolute, out Uri? url))
        {
            if (url is { Scheme: "file", Host: "", AbsolutePath: not "/" })
            {
                return new DirectRepository { Directory = url.LocalPath };
            }

            string prefix = url.AbsolutePath.Trim('/');
            if (url is { Scheme: "s3", Host: not "", Query: "", Fragment: "", UserInfo: "" }
                && (prefix.Length == 0 || ObjectKey.IsValid(prefix)))
            {
                return new DirectRepository { BucketName = url.Host, Prefix = prefix.Length == 0 ? null : prefix };
            }
        }

        throw new BackupException(FailureReason.InvalidInput, $"--repository '{text}' is not a repository's URL.")
        {
            Hint = "Write file:///absolute/directory or s3://bucket or s3://bucket/prefix; a prefix holds letters, digits, '.', '_', '-' and '/'.",
        };
    }

    /// <summary>Reads the URL of an S3 server: scheme, host and perhaps a port.</summary>
    /// <exception cref="BackupException"><see cref="FailureReason.InvalidInput"/>, naming the option.</exception>
    public static Uri ParseEndpoint(string option, string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out Uri? url)
        && url is { Scheme: "http" or "https", Host: not "", PathAndQuery: "/", Fragment: "", UserInfo: "" }
            ? url
            : throw new BackupException(
                FailureReason.InvalidInput,
                // Somebody who writes a password into a URL shall not read it again.
                $"{option} {(text.Contains('@', StringComparison.Ordinal) ? "" : $"'{text}' ")}is not the URL of a server.")
            {
                Hint = "Write http:// or https://, a host and perhaps a port; credentials go into AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.",
            };
}
