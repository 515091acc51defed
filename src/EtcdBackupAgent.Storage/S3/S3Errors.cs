using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using Amazon.Runtime;
using Amazon.S3;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Proxies;
using EtcdBackupAgent.Core.Tls;

namespace EtcdBackupAgent.Storage.S3;

/// <summary>
/// Interprets the errors of S3 servers, of TLS and of the network: decides which can be retried, and writes the
/// messages for the user. Codes: docs.aws.amazon.com, "Error responses" of Amazon S3; those of Ceph are in its
/// rgw_common.cc.
/// </summary>
internal static class S3Errors
{
    /// <summary>The SDK's status if there was no response.</summary>
    private const HttpStatusCode NoAnswer = default;

    /// <summary>Returns whether the same request may succeed a moment later.</summary>
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
            // TLS: the server is not trusted, or does not use TLS.
            return false;
        }

        if (exception is AmazonServiceException { StatusCode: not NoAnswer } answer)
        {
            // "BadRequest" is the SDK's code for a 400 without a body. Ceph sends it after it has refused a put on the
            // same connection: it interprets the remaining bytes of that put as the start of the next request, and
            // closes the connection.
            return answer.ErrorCode is "BadRequest" or "SlowDown" or "RequestTimeout" or "RequestTimeTooSkewed"
                    or "InternalError" or "ServiceUnavailable" or "OperationAborted" or "ConditionalRequestConflict"
                    or "BadDigest"
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

    /// <summary>Returns whether the object does not exist.</summary>
    public static bool IsNoSuchObject(Exception exception) =>
        exception is AmazonS3Exception { StatusCode: HttpStatusCode.NotFound } and not { ErrorCode: "NoSuchBucket" };

    /// <summary>Returns whether the bucket does not exist.</summary>
    public static bool IsNoSuchBucket(Exception exception) =>
        exception is AmazonS3Exception { ErrorCode: "NoSuchBucket" };

    /// <summary>
    /// Returns whether the server refused this kind of request, so that another request for the same purpose may still
    /// succeed: the server does not support it, does not accept its form, or does not allow it. A wrong key, a missing
    /// bucket and an overloaded server refuse every request.
    /// </summary>
    public static bool IsRequestRefused(Exception exception) =>
        exception is AmazonS3Exception { StatusCode: >= HttpStatusCode.BadRequest } answer
        && !IsNoSuchBucket(answer)
        && answer.ErrorCode is not ("InvalidAccessKeyId" or "SignatureDoesNotMatch" or "ExpiredToken" or "InvalidToken"
            or "TokenRefreshRequired" or "RequestTimeTooSkewed" or "SlowDown")
        && answer.StatusCode is < HttpStatusCode.InternalServerError or HttpStatusCode.NotImplemented
        && answer.StatusCode is not (HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests)
        && RegionMistake.Find(answer) is null;

    /// <summary>Returns the exception for the user.</summary>
    public static BackupException Translate(Exception exception, S3Action action, S3Options options)
    {
        (FailureReason reason, string fact, string? hint) = Diagnose(exception, action, options);
        string message = $"Cannot {action.Text} in {options.Address}: {fact}";
        return new BackupException(reason, message, exception)
        {
            Hint = hint,
            Settings = SettingsOf(exception, options),
        };
    }

    /// <summary>Returns the settings to which the hint of a failure refers.</summary>
    private static IReadOnlyList<Setting> SettingsOf(Exception exception, S3Options options)
    {
        if (Find<TokenServiceException>(exception) is null && Find<UntrustedServerException>(exception) is not null)
        {
            return [Setting.S3CaCertificate];
        }

        return exception is not AmazonS3Exception answer ? []
            : RegionMistake.Find(answer) is { } mistake ? mistake.Settings(options)
            : answer.ErrorCode == "InvalidStorageClass" ? [Setting.S3StorageClass]
            : IsAboutKmsKey(answer) ? [Setting.S3KmsKey]
            : [];
    }

    private static bool IsAboutKmsKey(AmazonS3Exception answer) =>
        answer.ErrorCode?.StartsWith("KMS.", StringComparison.Ordinal) == true || IsUnknownKmsKey(answer);

    private static bool IsUnknownKmsKey(AmazonS3Exception answer) =>
        answer.ErrorCode == "InvalidAccessKeyId" && answer.Message.Contains("kms-keyid", StringComparison.Ordinal);

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
                $"Check that the file that {TokenService.TokenFileVariable} names exists and can be read; in a pod it "
                + "is in a projected volume.");
        }

        if (Find<ProxyException>(exception) is { } proxy)
        {
            return (FailureReason.StoreUnreachable, proxy.Message, proxy.Hint);
        }

        if (Find<UntrustedServerException>(exception) is { } untrusted)
        {
            return (FailureReason.StoreUnreachable, $"{untrusted.Message}.", WithHostHint(untrusted.Hint, options));
        }

        return exception switch
        {
            AmazonS3Exception { StatusCode: not NoAnswer } answer => RegionMistake.Find(answer) is { } mistake
                ? (FailureReason.InvalidInput, mistake.Fact(answer, options), mistake.Hint(options))
                : DiagnoseSettings(answer, options) ?? DiagnoseAnswer(answer, action, options),
            TimeoutException => (
                FailureReason.StoreUnreachable,
                exception.Message,
                "Check that the server is running and not overloaded."),
            DamagedUploadException => (
                FailureReason.StoreFailed,
                exception.Message,
                "A component between this machine and the server's disk changes bytes."),
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
                "Check that access key and endpoint belong together."),
            ("SignatureDoesNotMatch", _) => (
                FailureReason.StoreDenied,
                "the secret key does not match the access key (SignatureDoesNotMatch).",
                "Set the correct secret key. One line end at the end is ignored; every other character counts."),
            ("ExpiredToken" or "InvalidToken" or "TokenRefreshRequired", _) => (
                FailureReason.StoreDenied,
                $"the session token is not valid ({answer.ErrorCode}).",
                "Get new temporary credentials."),
            ("RequestTimeTooSkewed", _) => (
                FailureReason.StoreDenied,
                "this machine's clock and the server's are too far apart (RequestTimeTooSkewed).",
                "Synchronize both clocks with NTP."),
            ("NoSuchBucket", _) => (
                FailureReason.StoreFailed,
                $"the bucket '{options.BucketName}' does not exist (NoSuchBucket).",
                "Check bucket, endpoint and region; 'init' creates the bucket if the user has the permission."),
            ("BucketAlreadyExists", _) => (
                FailureReason.StoreDenied,
                $"the bucket '{options.BucketName}' belongs to another account (BucketAlreadyExists).",
                "Choose another bucket name."),
            ("QuotaExceeded" or "XMinioStorageFull" or "InsufficientCapacity" or "TooManyBuckets", _)
                or (_, HttpStatusCode.InsufficientStorage) => (
                    FailureReason.StoreFull,
                    $"the store has no room left for this user or bucket ({answer.ErrorCode}).",
                    "Raise the quota, or remove old snapshots with 'prune'."),
            ("SlowDown", _) or (_, HttpStatusCode.TooManyRequests) => (
                FailureReason.StoreFailed,
                "the server repeatedly asked for fewer requests (SlowDown).",
                "Try later, or raise the server's request limits."),
            ("NotImplemented" or "MethodNotAllowed", _)
                or (_, HttpStatusCode.NotImplemented or HttpStatusCode.MethodNotAllowed) => (
                FailureReason.StoreUnsupported,
                $"the server does not support this operation ({(int)answer.StatusCode} {answer.ErrorCode}: "
                + $"{answer.Message}).",
                null),
            (_, HttpStatusCode.Forbidden or HttpStatusCode.Unauthorized) => (
                FailureReason.StoreDenied,
                $"the user is not allowed to do this ({answer.ErrorCode}{Words(answer)}).",
                $"The user needs the permission {action.Permission(options)} (docs/s3-permissions.md). "
                + "Also check the keys: some servers report nothing more specific."),
            _ => (
                FailureReason.StoreFailed,
                $"the server returned {(int)answer.StatusCode} {answer.ErrorCode}: {answer.Message}",
                null),
        };

    /// <summary>
    /// Returns what is wrong with an object's KMS key, storage class or archive; null if the cause is something else.
    /// </summary>
    private static (FailureReason, string, string?)? DiagnoseSettings(AmazonS3Exception answer, S3Options options) =>
        answer.ErrorCode switch
        {
            "InvalidAccessKeyId" when IsUnknownKmsKey(answer) => (
                FailureReason.StoreDenied,
                $"the server does not know the key '{options.Objects.KmsKeyId}' of its key management service "
                + $"(InvalidAccessKeyId: {answer.Message}).",
                "Correct the ID of the key."),
            { } code when code.StartsWith("KMS.", StringComparison.Ordinal) => (
                FailureReason.StoreDenied,
                $"the server cannot use the key of its key management service ({code}: {answer.Message}).",
                "Correct the ID of the key, or let the user and the store use the key: kms:GenerateDataKey to store, "
                + "kms:Decrypt to read."),
            "InvalidStorageClass" => (
                FailureReason.InvalidInput,
                $"the server does not have the storage class '{options.Objects.StorageClass}' ({answer.ErrorCode}: "
                + $"{answer.Message}).",
                "Correct the storage class, or leave it out for the bucket's default."),
            "InvalidObjectState" => (
                FailureReason.StoreFailed,
                $"the object is in an archive storage class and cannot be read immediately "
                + $"(InvalidObjectState: {answer.Message}).",
                "Restore it first, for example with 'aws s3api restore-object', and wait until that is done; "
                + "then retry. No lifecycle rule should move snapshots to GLACIER or DEEP_ARCHIVE."),
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
                    WithHostHint("Check the endpoint and this machine's DNS.", options)),
                SocketError.ConnectionRefused => (
                    FailureReason.StoreUnreachable,
                    $"{server} refused the connection.",
                    "Check that the server is running and listens on this port."),
                _ => (FailureReason.StoreUnreachable, $"the connection to {server} broke: {socket.Message}.", null),
            };
        }

        if (Find<HttpRequestException>(exception) is { } http)
        {
            return http.HttpRequestError == HttpRequestError.SecureConnectionError
                ? (FailureReason.StoreUnreachable,
                    $"no TLS connection to {server} could be established:  {Innermost(http).Message}",
                    "Check that the endpoint's port uses HTTPS.")
                : (FailureReason.StoreUnreachable,
                    $"the connection to {server} broke: {Innermost(http).Message}",
                    null);
        }

        if (Find<IOException>(exception) is { } io)
        {
            return (FailureReason.StoreUnreachable, $"the connection to {server} broke: {Innermost(io).Message}", null);
        }

        return options.Credentials is null && exception is AmazonClientException
            ? (FailureReason.StoreDenied,
                $"the AWS settings of the environment are not sufficient:  {exception.Message}",
                "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give the credentials in another way.")
            : (FailureReason.StoreFailed, exception.Message, null);
    }

    /// <summary>Returns the server's message if it contains more than its code.</summary>
    private static string Words(AmazonS3Exception answer) =>
        string.IsNullOrWhiteSpace(answer.Message) || answer.Message is "Access Denied"
            || answer.Message == answer.ErrorCode
            ? ""
            : $": {answer.Message}";

    private static string WithHostHint(string hint, S3Options options) =>
        options is { HasBucketInHost: true, Endpoint: not null }
        ? $"{hint} With pathStyle: false the bucket's name is part of the host, here {options.Host}: DNS and the "
            + "certificate must contain that name. Omit pathStyle if the server accepts the bucket in the path."
        : hint;

    private static Exception Innermost(Exception exception) => exception.GetBaseException();
}
