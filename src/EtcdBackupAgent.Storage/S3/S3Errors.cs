using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using Amazon.Runtime;
using Amazon.S3;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Proxies;

namespace EtcdBackupAgent.Storage.S3;

/// <summary>
/// What the errors of S3 servers, of TLS and of the network mean: which are worth another try, and what a person is told.
/// Codes: docs.aws.amazon.com, "Error responses" of Amazon S3; those of Ceph are in its rgw_common.cc.
/// </summary>
internal static class S3Errors
{
    /// <summary>What the SDK has for a status when no answer came.</summary>
    private const HttpStatusCode NoAnswer = default;

    /// <summary>Whether the same request may succeed a moment later.</summary>
    public static bool IsTransient(Exception exception)
    {
        if (Find<TokenServiceException>(exception) is { } tokenService)
        {
            return tokenService.IsTransient;
        }

        if (TokenService.IsUnreadToken(exception))
        {
            // The SDK has tried again for a second.
            return false;
        }

        if (Find<ProxyException>(exception) is { } proxy)
        {
            return proxy.IsTransient;
        }

        if (Find<AuthenticationException>(exception) is not null)
        {
            // TLS: not trusted, or not spoken at all.
            return false;
        }

        if (exception is AmazonServiceException { StatusCode: not NoAnswer } answer)
        {
            // "BadRequest" is the SDK's word for a 400 without a body. Ceph sends that when a put that it refused on the same
            // connection left bytes behind, which it then takes for the start of the next request; and closes the connection.
            return answer.ErrorCode is "BadRequest" or "SlowDown" or "RequestTimeout" or "RequestTimeTooSkewed" or "InternalError"
                    or "ServiceUnavailable" or "OperationAborted" or "ConditionalRequestConflict" or "BadDigest"
                || answer.StatusCode is HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout
                    or HttpStatusCode.InternalServerError or HttpStatusCode.BadGateway
                    or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout;
        }

        if (Find<SocketException>(exception) is { SocketErrorCode: SocketError.HostNotFound })
        {
            return false;
        }

        return Find<HttpRequestException>(exception) is not null || Find<IOException>(exception) is not null
            || exception is TimeoutException or DamagedUploadException;
    }

    /// <summary>Whether the answer is that there is no such object.</summary>
    public static bool IsNoSuchObject(Exception exception) =>
        exception is AmazonS3Exception { StatusCode: HttpStatusCode.NotFound } and not { ErrorCode: "NoSuchBucket" };

    /// <summary>Whether the answer is that there is no such bucket.</summary>
    public static bool IsNoSuchBucket(Exception exception) => exception is AmazonS3Exception { ErrorCode: "NoSuchBucket" };

    /// <summary>
    /// Whether the server refused this request, so that another one to the same end may still be accepted: it does not
    /// know it, does not like its form, or does not allow it. A wrong key, a missing bucket and an overloaded server
    /// refuse any request.
    /// </summary>
    public static bool IsRefusalOfTheRequest(Exception exception) =>
        exception is AmazonS3Exception { StatusCode: >= HttpStatusCode.BadRequest } answer
        && !IsNoSuchBucket(answer)
        && answer.ErrorCode is not ("InvalidAccessKeyId" or "SignatureDoesNotMatch" or "ExpiredToken" or "InvalidToken"
            or "TokenRefreshRequired" or "RequestTimeTooSkewed" or "SlowDown")
        && answer.StatusCode is < HttpStatusCode.InternalServerError or HttpStatusCode.NotImplemented
        && answer.StatusCode is not (HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests)
        && RegionMistake.Find(answer) is null;

    /// <summary>What a person is told.</summary>
    public static BackupException Translate(Exception exception, S3Action action, S3Options options)
    {
        (FailureReason reason, string fact, string? hint) = Diagnose(exception, action, options);
        string message = $"Cannot {action.Text} in {options.Address}: {fact}";
        return new BackupException(reason, message, exception) { Hint = hint };
    }

    /// <summary>The exception itself, or what caused it, if that is of the type.</summary>
    internal static T? Find<T>(Exception? exception)
        where T : Exception
    {
        while (exception is not (null or T))
        {
            exception = exception.InnerException;
        }

        return (T?)exception;
    }

    private static (FailureReason Reason, string Fact, string? Hint) Diagnose(
        Exception exception, S3Action action, S3Options options)
    {
        if (Find<TokenServiceException>(exception) is { } tokenService)
        {
            return (tokenService.Reason, tokenService.Message, tokenService.Hint);
        }

        if (TokenService.IsUnreadToken(exception))
        {
            return (
                FailureReason.StoreDenied,
                $"the web identity token cannot be read: {exception.InnerException!.Message}",
                $"See that the file that {TokenService.TokenFileVariable} names is there and may be read; in a pod it is "
                + "in a projected volume.");
        }

        if (Find<ProxyException>(exception) is { } proxy)
        {
            return (FailureReason.StoreUnreachable, proxy.Message, proxy.Hint);
        }

        if (Find<UntrustedServerException>(exception) is { } untrusted)
        {
            return (FailureReason.StoreUnreachable, untrusted.Message, WithHostHint(untrusted.Hint, options));
        }

        return exception switch
        {
            AmazonS3Exception { StatusCode: not NoAnswer } answer => RegionMistake.Find(answer) is { } mistake
                ? (FailureReason.InvalidInput, mistake.Fact(answer, options), mistake.Hint(options))
                : DiagnoseSettings(answer, options) ?? DiagnoseAnswer(answer, action, options),
            TimeoutException => (FailureReason.StoreUnreachable, exception.Message, "See that the server is up and not overloaded."),
            DamagedUploadException => (FailureReason.StoreFailed, exception.Message, "Something between here and the disk changes bytes."),
            _ => DiagnoseConnection(exception, options),
        };
    }

    private static (FailureReason, string, string?) DiagnoseAnswer(
        AmazonS3Exception answer, S3Action action, S3Options options) =>
        (answer.ErrorCode, answer.StatusCode) switch
        {
            ("InvalidAccessKeyId", _) => (
                FailureReason.StoreDenied,
                options.Credentials is { } credentials
                    ? $"the server does not know the access key '{credentials.AccessKey}' (InvalidAccessKeyId)."
                    : "the server does not know the access key of the environment (InvalidAccessKeyId).",
                "See that access key and endpoint belong together."),
            ("SignatureDoesNotMatch", _) => (
                FailureReason.StoreDenied,
                "the secret key does not fit the access key (SignatureDoesNotMatch).",
                "Set the right secret key. One line end at its end does not count; all other characters do."),
            ("ExpiredToken" or "InvalidToken" or "TokenRefreshRequired", _) => (
                FailureReason.StoreDenied,
                $"the session token is not valid ({answer.ErrorCode}).",
                "Get new temporary credentials."),
            ("RequestTimeTooSkewed", _) => (
                FailureReason.StoreDenied,
                "this machine's clock and the server's are too far apart (RequestTimeTooSkewed).",
                "Set the clocks of both by NTP."),
            ("NoSuchBucket", _) => (
                FailureReason.StoreFailed,
                $"there is no bucket '{options.BucketName}' (NoSuchBucket).",
                "See that bucket, endpoint and region are right; 'init' makes the bucket if it may."),
            ("BucketAlreadyExists", _) => (
                FailureReason.StoreDenied,
                $"the bucket '{options.BucketName}' belongs to somebody else (BucketAlreadyExists).",
                "Choose another bucket name."),
            ("QuotaExceeded" or "XMinioStorageFull" or "InsufficientCapacity" or "TooManyBuckets", _)
                or (_, HttpStatusCode.InsufficientStorage) => (
                    FailureReason.StoreFull,
                    $"the store has no room left for this user or bucket ({answer.ErrorCode}).",
                    "Raise the quota, or remove old snapshots with 'prune'."),
            ("SlowDown", _) or (_, HttpStatusCode.TooManyRequests) => (
                FailureReason.StoreFailed,
                "the server asked again and again to send less (SlowDown).",
                "Try later, or raise the server's request limits."),
            ("NotImplemented" or "MethodNotAllowed", _)
                or (_, HttpStatusCode.NotImplemented or HttpStatusCode.MethodNotAllowed) => (
                FailureReason.StoreUnsupported,
                $"the server does not do that ({(int)answer.StatusCode} {answer.ErrorCode}: {answer.Message}).",
                null),
            (_, HttpStatusCode.Forbidden or HttpStatusCode.Unauthorized) => (
                FailureReason.StoreDenied,
                $"the user is not allowed to do that ({answer.ErrorCode}{Words(answer)}).",
                $"The user needs the right {action.Permission(options)} (docs/s3-permissions.md). "
                + "See that the keys are right, too: some servers say no more than this."),
            _ => (
                FailureReason.StoreFailed,
                $"the server answered {(int)answer.StatusCode} {answer.ErrorCode}: {answer.Message}",
                null),
        };

    /// <summary>What is wrong with an object's key, storage class or archive; null if it is something else.</summary>
    private static (FailureReason, string, string?)? DiagnoseSettings(AmazonS3Exception answer, S3Options options) =>
        answer.ErrorCode switch
        {
            "InvalidAccessKeyId" when answer.Message.Contains("kms-keyid", StringComparison.Ordinal) => (
                FailureReason.StoreDenied,
                $"the server does not know the key '{options.Objects.KmsKeyId}' of its key management service "
                + $"(InvalidAccessKeyId: {answer.Message}).",
                "Correct kmsKeyId (--s3-sse-kms-key-id)."),
            { } code when code.StartsWith("KMS.", StringComparison.Ordinal) => (
                FailureReason.StoreDenied,
                $"the server cannot use the key of its key management service ({code}: {answer.Message}).",
                "Correct kmsKeyId (--s3-sse-kms-key-id), or let the user and the store use the key: "
                + "kms:GenerateDataKey to store, kms:Decrypt to read."),
            "InvalidStorageClass" => (
                FailureReason.InvalidInput,
                $"the server does not have the storage class '{options.Objects.StorageClass}' ({answer.ErrorCode}: "
                + $"{answer.Message}).",
                "Correct storageClass (--s3-storage-class), or leave it out for the bucket's default."),
            "InvalidObjectState" => (
                FailureReason.StoreFailed,
                $"the object lies in an archive storage class, from which it cannot be read at once "
                + $"(InvalidObjectState: {answer.Message}).",
                "Bring it back first, for example with 'aws s3api restore-object', and wait until that is done; "
                + "then try again. No lifecycle rule should move snapshots to GLACIER or DEEP_ARCHIVE."),
            _ => null,
        };

    private static (FailureReason, string, string?) DiagnoseConnection(Exception exception, S3Options options)
    {
        string server = options.Server;
        if (Find<SocketException>(exception) is { } socket)
        {
            return socket.SocketErrorCode switch
            {
                SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain => (
                    FailureReason.StoreUnreachable,
                    $"the name '{options.Host ?? server}' cannot be resolved ({socket.Message}).",
                    WithHostHint("See that the endpoint is right and that this machine's DNS works.", options)),
                SocketError.ConnectionRefused => (
                    FailureReason.StoreUnreachable,
                    $"{server} refused the connection.",
                    "See that the server runs and listens on that port."),
                _ => (FailureReason.StoreUnreachable, $"the connection to {server} broke: {socket.Message}.", null),
            };
        }

        if (Find<HttpRequestException>(exception) is { } http)
        {
            return http.HttpRequestError == HttpRequestError.SecureConnectionError
                ? (FailureReason.StoreUnreachable,
                    $"no TLS connection to {server} came about: {Innermost(http).Message}",
                    "See that the endpoint's port speaks HTTPS.")
                : (FailureReason.StoreUnreachable, $"the connection to {server} broke: {Innermost(http).Message}", null);
        }

        if (Find<IOException>(exception) is { } io)
        {
            return (FailureReason.StoreUnreachable, $"the connection to {server} broke: {Innermost(io).Message}", null);
        }

        return options.Credentials is null && exception is AmazonClientException
            ? (FailureReason.StoreDenied,
                $"the AWS settings of the environment do not do: {exception.Message}",
                "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name the credentials.")
            : (FailureReason.StoreFailed, exception.Message, null);
    }

    /// <summary>What the server says beside its code, where that is more than the code's own words.</summary>
    private static string Words(AmazonS3Exception answer) =>
        string.IsNullOrWhiteSpace(answer.Message) || answer.Message is "Access Denied"
            || answer.Message == answer.ErrorCode
            ? ""
            : $": {answer.Message}";

    private static string WithHostHint(string hint, S3Options options) =>
        options is { HasBucketInHost: true, Endpoint: not null }
        ? $"{hint} With pathStyle: false the bucket's name is part of the host, here {options.Host}: DNS and the "
            + "certificate must "
            + "know that name. Leave pathStyle out if the server takes the bucket in the path."
        : hint;

    private static Exception Innermost(Exception exception) => exception.GetBaseException();
}
