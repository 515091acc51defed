using System.Globalization;
using System.Text.RegularExpressions;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Proxies;
using EtcdBackupAgent.Core.Stores;

namespace EtcdBackupAgent.Storage.S3;

/// <summary>The place of a bucket and the access to it.</summary>
public sealed partial record S3Options
{
    /// <summary>
    /// The region for which requests to an endpoint are signed if none is given; most servers other than AWS's accept
    /// it.
    /// </summary>
    internal const string RegionOfEndpoints = "us-east-1";

    public required string BucketName { get; init; }

    /// <summary>The prefix of every key, followed by a '/'; empty for the whole bucket.</summary>
    public string Prefix { get; init; } = "";

    /// <summary>The http or https URL of an S3-compatible server; null for AWS.</summary>
    public Uri? Endpoint { get; init; }

    /// <summary>
    /// The region; null for the AWS settings of the environment, or for <see cref="RegionOfEndpoints"/> with an
    /// endpoint.
    /// </summary>
    public string? Region { get; init; }

    /// <summary>
    /// Whether the bucket is in the URL's path instead of its host name. Null: yes if there is an endpoint.
    /// </summary>
    public bool? PathStyle { get; init; }

    /// <summary>
    /// The CA certificates to trust instead of the system's, in PEM; null for the file in <c>AWS_CA_BUNDLE</c>, or else
    /// the system's.
    /// </summary>
    public string? CaCertificatePem { get; init; }

    /// <summary>
    /// The credentials; null for AWS's own chain: environment variables, shared files, web identity, container,
    /// machine.
    /// </summary>
    public S3Credentials? Credentials { get; init; }

    /// <summary>The settings that are sent to the server with every object.</summary>
    public ObjectSettings Objects { get; init; } = ObjectSettings.None;

    /// <summary>The proxies of the requests.</summary>
    public ProxyRules Proxies { get; init; } = ProxyRules.None;

    /// <summary>The region for which requests are signed, after it is known; for messages.</summary>
    internal string? RegionInUse { get; init; }

    /// <summary>The host that receives the requests, for messages; null if the SDK chooses it.</summary>
    internal string? Host => (Endpoint, HasBucketInHost, RegionInUse) switch
    {
        ({ } endpoint, false, _) => endpoint.Host,
        ({ } endpoint, true, _) => $"{BucketName}.{endpoint.Host}",
        (null, _, { } region) => $"{BucketName}.s3.{region}.amazonaws.com",
        _ => null,
    };

    /// <summary>The host, and the port if it is not the scheme's default; for messages.</summary>
    internal string Server => Endpoint is { IsDefaultPort: false, Port: int port }
        ? string.Create(CultureInfo.InvariantCulture, $"{Host}:{port}")
        : Host ?? "AWS";

    internal bool HasBucketInHost => !(PathStyle ?? Endpoint is not null);

    /// <summary>The sizes of the parts of an upload.</summary>
    internal UploadPlan Upload { get; init; } = UploadPlan.Default;

    /// <summary>The address of the objects, for messages.</summary>
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

    /// <summary>Throws for invalid options, before anything is sent.</summary>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.InvalidInput"/>: the message contains option and value.
    /// </exception>
    internal void Validate()
    {
        if (string.IsNullOrWhiteSpace(BucketName) || BucketName.Contains('/', StringComparison.Ordinal))
        {
            throw Invalid($"The bucket name '{BucketName}' must not be empty and must not contain a '/'.");
        }

        if (KeyPrefix.Length > 0 && (Prefix.Length > ObjectKey.PrefixLengthMax || !ObjectKey.IsValid(KeyPrefix[..^1])))
        {
            throw Invalid(
                $"The prefix '{Prefix}' of bucket '{BucketName}' must consist of segments of letters, digits, '.', '_' "
                + $"and '-', joined by '/', of at most {ObjectKey.PrefixLengthMax} characters.");
        }

        if (Endpoint is not null && (!Endpoint.IsAbsoluteUri || Endpoint.Scheme is not ("http" or "https")))
        {
            throw Invalid($"The S3 endpoint '{Endpoint}' must be an http:// or https:// URL.");
        }

        foreach ((string field, string problem) in Objects.Problems())
        {
            throw Invalid($"{field} of the objects in bucket '{BucketName}': {problem}.");
        }

        if (Region is not null && !RegionPattern().IsMatch(Region))
        {
            throw new BackupException(
                FailureReason.InvalidInput, $"The S3 region '{Region}' must consist of letters, digits, '-' and '_'.")
            {
                Hint = "A region is, for example, eu-central-1.",
                Settings = [Setting.S3Region],
            };
        }
    }

    [GeneratedRegex(@"^[A-Za-z0-9][-_A-Za-z0-9]{0,62}\z", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex RegionPattern();

    private static BackupException Invalid(string message) => new(FailureReason.InvalidInput, message);
}

/// <summary>An access key. Only its public part is ever printed.</summary>
public sealed record S3Credentials
{
    public required string AccessKey { get; init; }

    public required string SecretKey { get; init; }

    /// <summary>The session token of a temporary key.</summary>
    public string? SessionToken { get; init; }

    public override string ToString() => $"access key {AccessKey}";
}
