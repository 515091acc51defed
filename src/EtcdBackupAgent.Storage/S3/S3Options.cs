using System.Globalization;
using System.Text.RegularExpressions;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Proxies;
using EtcdBackupAgent.Core.Stores;

namespace EtcdBackupAgent.Storage.S3;

/// <summary>Where a bucket is and how to get at it.</summary>
public sealed partial record S3Options
{
    /// <summary>What requests to an endpoint are signed for when no region is given; most servers beside AWS's accept
    /// it.</summary>
    internal const string RegionOfEndpoints = "us-east-1";

    public required string BucketName { get; init; }

    /// <summary>Put before every key, with a '/' between; empty for the whole bucket.</summary>
    public string Prefix { get; init; } = "";

    /// <summary>An http or https URL of an S3-compatible server; null for AWS.</summary>
    public Uri? Endpoint { get; init; }

    /// <summary>Null for what the AWS settings of the environment say, or <see cref="RegionOfEndpoints"/> with an
    /// endpoint.</summary>
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

    /// <summary>What the server is asked to do with every object.</summary>
    public ObjectSettings Objects { get; init; } = ObjectSettings.None;

    /// <summary>Which proxy requests go through.</summary>
    public ProxyRules Proxies { get; init; } = ProxyRules.None;

    /// <summary>The region that requests are signed for, once that is known; for messages.</summary>
    internal string? RegionInUse { get; init; }

    /// <summary>The host that requests go to, for messages; null where the SDK chooses it.</summary>
    internal string? Host => (Endpoint, HasBucketInHost, RegionInUse) switch
    {
        ({ } endpoint, false, _) => endpoint.Host,
        ({ } endpoint, true, _) => $"{BucketName}.{endpoint.Host}",
        (null, _, { } region) => $"{BucketName}.s3.{region}.amazonaws.com",
        _ => null,
    };

    /// <summary>Host, and port if it is not the scheme's own; for messages.</summary>
    internal string Server => Endpoint is { IsDefaultPort: false, Port: int port }
        ? string.Create(CultureInfo.InvariantCulture, $"{Host}:{port}")
        : Host ?? "AWS";

    internal bool HasBucketInHost => !(PathStyle ?? Endpoint is not null);

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

        foreach ((string field, string problem) in Objects.Problems())
        {
            throw Invalid($"{field} of what is stored in bucket '{BucketName}': {problem}.");
        }

        if (Region is not null && !RegionPattern().IsMatch(Region))
        {
            throw Invalid(
                $"The S3 region '{Region}' (--s3-region, AWS_REGION, or region of the BackupLocation) must be "
                + "letters, digits, '-' and "
                + "'_', such as eu-central-1.");
        }
    }

    [GeneratedRegex(@"^[A-Za-z0-9][-_A-Za-z0-9]{0,62}\z", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex RegionPattern();

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
