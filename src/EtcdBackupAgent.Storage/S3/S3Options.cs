using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Repository;

namespace EtcdBackupAgent.Storage.S3;

/// <summary>Where a bucket is and how to get at it.</summary>
public sealed record S3Options
{
    public required string BucketName { get; init; }

    /// <summary>Put before every key, with a '/' between; empty for the whole bucket.</summary>
    public string Prefix { get; init; } = "";

    /// <summary>An http or https URL of an S3-compatible server; null for AWS.</summary>
    public Uri? Endpoint { get; init; }

    /// <summary>Null for what the AWS settings of the environment say, or <c>us-east-1</c> with an endpoint.</summary>
    public string? Region { get; init; }

    /// <summary>Whether the bucket stands in the URL's path and not in its host name. Null: yes if there is an endpoint.</summary>
    public bool? PathStyle { get; init; }

    /// <summary>
    /// The CA certificates the server's must be signed by, in place of the system's; null for the file that <c>AWS_CA_BUNDLE</c>
    /// names, or else the system's.
    /// </summary>
    public string? CaCertificatePem { get; init; }

    /// <summary>Null for AWS's own chain: environment variables, shared files, web identity, container, machine.</summary>
    public S3Credentials? Credentials { get; init; }

    /// <summary>How long content is sent.</summary>
    internal UploadPlan Upload { get; init; } = UploadPlan.Default;

    /// <summary>Where the objects are, for messages.</summary>
    internal string Address
    {
        get
        {
            string place = Endpoint?.GetLeftPart(UriPartial.Authority) ?? (Region is null ? "AWS" : $"AWS {Region}");
            return $"s3://{BucketName}{(KeyPrefix.Length == 0 ? "" : $"/{KeyPrefix[..^1]}")} at {place}";
        }
    }

    /// <summary>Empty, or the prefix with one '/' at its end and none at its start.</summary>
    internal string KeyPrefix => Prefix.Trim('/') is { Length: > 0 } trimmed ? $"{trimmed}/" : "";

    /// <summary>Refuses what cannot work before anything is sent.</summary>
    /// <exception cref="BackupException"><see cref="FailureReason.InvalidInput"/>: the message names option and value.</exception>
    internal void Validate()
    {
        if (string.IsNullOrWhiteSpace(BucketName) || BucketName.Contains('/', StringComparison.Ordinal))
        {
            throw Invalid($"The bucket name '{BucketName}' must not be empty and must not have a '/'.");
        }

        if (KeyPrefix.Length > 0 && (Prefix.Length > ObjectKey.PrefixLengthMax || !ObjectKey.IsValid(KeyPrefix[..^1])))
        {
            throw Invalid(
                $"The prefix '{Prefix}' of bucket '{BucketName}' must be segments of letters, digits, '.', '_' and '-', "
                + $"joined by '/', of at most {ObjectKey.PrefixLengthMax} characters.");
        }

        if (Endpoint is not null && (!Endpoint.IsAbsoluteUri || Endpoint.Scheme is not ("http" or "https")))
        {
            throw Invalid($"The S3 endpoint '{Endpoint}' must be an http:// or https:// URL.");
        }
    }

    private static BackupException Invalid(string message) => new(FailureReason.InvalidInput, message);
}

/// <summary>An access key. Only its public half is ever printed.</summary>
public sealed record S3Credentials
{
    public required string AccessKey { get; init; }

    public required string SecretKey { get; init; }

    /// <summary>Beside the key, where it is a temporary one.</summary>
    public string? SessionToken { get; init; }

    public override string ToString() => $"access key {AccessKey}";
}
