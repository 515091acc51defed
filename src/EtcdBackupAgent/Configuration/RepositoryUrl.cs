using System.Text.RegularExpressions;
using EtcdBackupAgent.Core.Addresses;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Stores;

namespace EtcdBackupAgent.Configuration;

/// <summary>
/// Reads <c>file:///directory</c> and <c>s3://bucket/prefix</c>, and the URL of an S3 server. Each is used exactly as
/// it is written, or refused.
/// </summary>
internal static partial class RepositoryUrl
{
    /// <exception cref="BackupException"><see cref="FailureReason.InvalidInput"/>.</exception>
    public static DirectRepository Parse(string text)
    {
        if (text.StartsWith("file://", StringComparison.Ordinal))
        {
            return DirectoryUrl.TryParse(text, out string? path, out string? why)
                ? new DirectRepository { Directory = path }
                : throw Invalid($"'{text}' {why}.");
        }

        Match match = S3Pattern().Match(text);
        string bucket = match.Groups["bucket"].Value;
        string prefix = match.Groups["prefix"].Value;
        if (!match.Success)
        {
            throw Invalid($"'{text}' is not a repository's URL.");
        }

        if (bucket.Contains('@', StringComparison.Ordinal))
        {
            // The message must not repeat a password in the URL.
            throw Invalid("contains a user; credentials go into AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.");
        }

        if (!BucketName.IsValid(bucket))
        {
            throw Invalid(bucket.Contains(':', StringComparison.Ordinal)
                ? $"'{text}' has a port; give the server with --s3-endpoint."
                : $"'{text}' has the bucket '{bucket}'; allowed are {BucketName.Allowed}.");
        }

        return prefix.Length == 0 || (prefix.Length <= ObjectKey.PrefixLengthMax && ObjectKey.IsValid(prefix))
            ? new DirectRepository { BucketName = bucket, Prefix = prefix.Length == 0 ? null : prefix }
            : throw Invalid(
                $"'{text}' has the prefix '{prefix}'; allowed are segments joined by '/', none of them empty, '.' or "
                + $"'..', and {ObjectKey.PrefixLengthMax} characters.");
    }

    /// <summary>Reads the URL of an S3 server: scheme, host and an optional port.</summary>
    /// <exception cref="BackupException"><see cref="FailureReason.InvalidInput"/>, naming the option.</exception>
    public static Uri ParseEndpoint(string option, string text)
    {
        ServerUrlFault fault = ServerUrl.Read(text, out Uri? url, Uri.UriSchemeHttp, Uri.UriSchemeHttps);

        // The message must not repeat a password in the URL.
        string shown = text.Contains('@', StringComparison.Ordinal) ? "" : $"'{text}' ";
        return url ?? throw new BackupException(
            FailureReason.InvalidInput,
            fault is ServerUrlFault.Host or ServerUrlFault.Port or ServerUrlFault.Rest
                ? $"{option} {shown}{ServerUrl.Describe(fault)}."
                : $"{option} {shown}is not the URL of a server.")
        {
            Hint = "Write http:// or https://, a host and an optional port; credentials go into AWS_ACCESS_KEY_ID and "
                + "AWS_SECRET_ACCESS_KEY.",
        };
    }

    private static BackupException Invalid(string fact) => new(FailureReason.InvalidInput, $"--repository {fact}")
    {
        Hint = "Write file:///absolute/directory or s3://bucket or s3://bucket/prefix; "
            + "a prefix contains letters, digits, '.', '_', '-' and '/'.",
    };

    /// <summary>A slash at the end is optional: it separates the prefix from the keys.</summary>
    [GeneratedRegex(
        @"^s3://(?<bucket>[^/]+)(/(?<prefix>.*?)/?)?\z", RegexOptions.ExplicitCapture | RegexOptions.Singleline, 1000)]
    private static partial Regex S3Pattern();
}
