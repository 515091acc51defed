using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Repository;

namespace EtcdBackupAgent.Configuration;

/// <summary>Reads <c>file:///directory</c> and <c>s3://bucket/prefix</c>.</summary>
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
}
