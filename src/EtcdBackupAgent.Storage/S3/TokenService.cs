using System.Globalization;
using System.Net;
using Amazon;
using Amazon.Runtime;
using Amazon.Runtime.SharedInterfaces;
using Amazon.RuntimeDependencies;
using Amazon.SecurityToken;
using Amazon.SecurityToken.Model;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Proxies;
using EtcdBackupAgent.Core.Secrets;
using EtcdBackupAgent.Core.Tls;

namespace EtcdBackupAgent.Storage.S3;

/// <summary>
/// A client of AWS's Security Token Service, or of another server with this call. It returns temporary credentials for
/// a web identity, such as the token of a pod's service account. Source: docs.aws.amazon.com,
/// "AssumeRoleWithWebIdentity".
/// </summary>
/// <remarks>
/// The SDK's chain of credentials uses this client for <c>AWS_WEB_IDENTITY_TOKEN_FILE</c> with <c>AWS_ROLE_ARN</c>, and
/// for a profile with <c>web_identity_token_file</c>. The chain reads the token's file, caches the credentials, and
/// requests new ones 15 minutes before they expire.
/// </remarks>
internal sealed class TokenService : AmazonSecurityTokenServiceClient, ICoreAmazonSTS
{
    /// <summary>The variable with the service's URL. Without it, the SDK derives the URL from the region.</summary>
    public const string EndpointVariable = "AWS_ENDPOINT_URL_STS";

    /// <summary>The variable with the path of the token's file.</summary>
    public const string TokenFileVariable = "AWS_WEB_IDENTITY_TOKEN_FILE";

    /// <summary>The limit of one call. The SDK passes no cancellation token to it.</summary>
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(30);

    private static readonly Lock Once = new();
    private static HttpClient? _http;

    private TokenService(AmazonSecurityTokenServiceConfig config)
        : base(new AnonymousAWSCredentials(), config)
    {
    }

    private string Name => Config.ServiceURL is { Length: > 0 } url
        ? url.TrimEnd('/')
        : $"AWS {Config.RegionEndpoint?.SystemName}";

    /// <summary>
    /// Registers this client with the SDK, which otherwise looks for one by reflection; in a native program that fails.
    /// The registration is for the whole process, like the variables that select the service: only the first call
    /// counts.
    /// </summary>
    /// <param name="handler">Creates the handler, with the proxies and the trusted certificates of the store.</param>
    public static void Register(Func<HttpMessageHandler> handler)
    {
        lock (Once)
        {
            if (_http is null)
            {
                _http = new HttpClient(handler()) { Timeout = AnswerTimeout };
                // Without the delegate's type, the overload for any object would be chosen, which expects a client.
                GlobalRuntimeDependencyRegistry.Instance.RegisterSecurityTokenServiceClient(
                    new RuntimeDependencyFactory(Create));
            }
        }
    }

    /// <summary>Whether the SDK failed to read the token's file. It has no exception type for this.</summary>
    public static bool IsUnreadToken(Exception exception) =>
        exception is InvalidOperationException { InnerException: IOException or UnauthorizedAccessException }
        && exception.Message.Contains("WebIdentityTokenFile", StringComparison.Ordinal);

    /// <summary>Not supported: this call must be signed, and the SDK does not pass the key for it.</summary>
    AssumeRoleImmutableCredentials ICoreAmazonSTS.CredentialsFromAssumeRoleAuthentication(
        string roleArn, string roleSessionName, AssumeRoleAWSCredentialsOptions options) => throw NotSupported(roleArn);

    Task<AssumeRoleImmutableCredentials> ICoreAmazonSTS.CredentialsFromAssumeRoleAuthenticationAsync(
        string roleArn, string roleSessionName, AssumeRoleAWSCredentialsOptions options) =>
        Task.FromException<AssumeRoleImmutableCredentials>(NotSupported(roleArn));

    AssumeRoleImmutableCredentials ICoreAmazonSTS.CredentialsFromAssumeRoleWithWebIdentityAuthentication(
        string webIdentityToken,
        string roleArn,
        string roleSessionName,
        AssumeRoleWithWebIdentityCredentialsOptions options) =>
        AssumeAsync(webIdentityToken, roleArn, roleSessionName).GetAwaiter().GetResult();

    Task<AssumeRoleImmutableCredentials> ICoreAmazonSTS.CredentialsFromAssumeRoleWithWebIdentityAuthenticationAsync(
        string webIdentityToken,
        string roleArn,
        string roleSessionName,
        AssumeRoleWithWebIdentityCredentialsOptions options) =>
        AssumeAsync(webIdentityToken, roleArn, roleSessionName);

    private static TokenService Create(CreateInstanceContext context) => new(new AmazonSecurityTokenServiceConfig
    {
        RegionEndpoint = context.SecurityTokenServiceClientContextData?.Region ?? RegionEndpoint.USEast1,
        HttpClientFactory = new OneHttpClient(_http!),
        // Only S3Connection retries.
        MaxErrorRetry = 0,
        ThrottleRetries = false,
    });

    private static TokenServiceException NotSupported(string role) => new(
        FailureReason.StoreDenied,
        $"the role '{role}' of the AWS profile would be assumed with other credentials (source_profile, "
            + "credential_source), which is not supported.",
        $"Use a web identity ({TokenFileVariable} and AWS_ROLE_ARN), or the keys that "
            + "'aws configure export-credentials' prints.",
        cause: null);

    private async Task<AssumeRoleImmutableCredentials> AssumeAsync(string token, string role, string session)
    {
        AssumeRoleWithWebIdentityRequest request = new()
        {
            // The line end that a shell writes after the token is not part of it.
            WebIdentityToken = SecretText.WithoutLineEnd(token),
            RoleArn = role,
            RoleSessionName = session,
        };
        try
        {
            Credentials given = (await AssumeRoleWithWebIdentityAsync(request)).Credentials;
            DateTime expiration = given.Expiration ?? DateTime.MinValue;
            return expiration.ToUniversalTime() > TimeProvider.System.GetUtcNow().UtcDateTime
                ? new AssumeRoleImmutableCredentials(
                    given.AccessKeyId, given.SecretAccessKey, given.SessionToken, expiration)
                : throw Expired(expiration);
        }
        catch (AmazonSecurityTokenServiceException e) when (e.StatusCode != default)
        {
            throw Refusal(e, role);
        }
        catch (Exception e) when (e is not TokenServiceException)
        {
            throw Unreachable(e);
        }
    }

    private TokenServiceException Expired(DateTime expiration) => new(
        FailureReason.StoreDenied,
        string.Create(
            CultureInfo.InvariantCulture,
            $"the token service at {Name} gave credentials that had expired at {expiration.ToUniversalTime():u}."),
        "Set the clocks of this machine and of the service by NTP.",
        cause: null);

    private TokenServiceException Refusal(AmazonSecurityTokenServiceException answer, string role)
    {
        bool isTransient = answer.StatusCode >= HttpStatusCode.InternalServerError
            || answer.StatusCode == HttpStatusCode.TooManyRequests
            || answer.ErrorCode is "Throttling" or "ThrottlingException" or "IDPCommunicationError";
        string words = $"({answer.ErrorCode}: {answer.Message})";
        (string fact, string hint) = answer.ErrorCode switch
        {
            "ExpiredTokenException" or "ExpiredToken" => (
                $"the web identity token has expired, according to the token service at {Name} {words}.",
                $"Renew the file that {TokenFileVariable} names; in a pod the kubelet does that. Or set the clocks by "
                + "NTP."),
            "InvalidIdentityToken" => (
                $"the token service at {Name} does not accept the web identity token {words}.",
                "Check that the service knows the token's issuer (the OIDC provider) and audience."),
            "AccessDenied" or "AccessDeniedException" => (
                $"the token service at {Name} refuses the role '{role}' {words}.",
                "Check that AWS_ROLE_ARN is right, and that the role's trust policy allows "
                + "sts:AssumeRoleWithWebIdentity to this service account."),
            _ => (
                $"the token service at {Name} answered {answer.StatusCode:d} {answer.ErrorCode}: {answer.Message}",
                $"Check that {EndpointVariable} and AWS_REGION are right, if they are set."),
        };
        return new TokenServiceException(
            isTransient ? FailureReason.StoreFailed : FailureReason.StoreDenied, fact, hint, answer)
        {
            IsTransient = isTransient,
        };
    }

    private TokenServiceException Unreachable(Exception exception)
    {
        (string why, string? hint) =
            S3Errors.Find<ProxyException>(exception) is { } proxy ? (proxy.Message, proxy.Hint)
            : S3Errors.Find<UntrustedServerException>(exception) is { } untrusted
                ? ($"{untrusted.Message}.", untrusted.Hint)
            : exception is OperationCanceledException ? ($"no answer within {AnswerTimeout.TotalSeconds:0} s.", null)
            : (exception.GetBaseException().Message, (string?)null);
        return new TokenServiceException(
            FailureReason.StoreUnreachable,
            $"the token service at {Name} cannot be reached: {why}",
            hint ?? $"Check that this machine reaches it, and that {EndpointVariable}, if it is set, is its URL.",
            exception)
        {
            IsTransient = S3Errors.IsTransient(exception) || exception is OperationCanceledException,
        };
    }
}
