using System.Net;
using Amazon;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Proxies;
using Microsoft.Extensions.Logging;
using Polly;
using Polly.Retry;

namespace EtcdBackupAgent.Storage.S3;

/// <summary>
/// The connection to the server. Every request goes through <see cref="RunAsync{T}"/>, which retries it if that can
/// help, and otherwise explains the failure in this agent's terms.
/// </summary>
internal sealed partial class S3Connection : IDisposable
{
    /// <summary>
    /// The number of retries after the first attempt. With the delays they take longer than a restart of the server.
    /// </summary>
    private const int RetriesMax = 5;

    private const int CopyBytes = 1 << 17;

    private static readonly TimeSpan FirstRetryDelay = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan RetryDelayMax = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(10);

    /// <summary>The time after which a changed address of the server is noticed.</summary>
    private static readonly TimeSpan ConnectionLifetime = TimeSpan.FromMinutes(5);

    /// <summary>Stands for the servers of AWS; the SDK derives their name from region and bucket.</summary>
    private static readonly Uri AnyOfAws = new("https://s3.amazonaws.com");

    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly HttpClient _http;
    private readonly AmazonS3Client _client;
    private readonly ResiliencePipeline _retry;

    public S3Connection(S3Options options, TimeProvider time, ILogger logger)
    {
        options.Validate();
        _time = time;
        _logger = logger;
        _http = new HttpClient(Handler(options, "an S3 server", time))
        {
            // S3Attempt is the time limit.
            Timeout = Timeout.InfiniteTimeSpan,
        };
        _client = Client(options, _http, time);
        Options = options with
        {
            RegionInUse = _client.Config.AuthenticationRegion ?? _client.Config.RegionEndpoint?.SystemName,
        };
        _retry = new ResiliencePipelineBuilder { TimeProvider = time }
            .AddRetry(new RetryStrategyOptions
            {
                ShouldHandle = new PredicateBuilder().Handle<Exception>(S3Errors.IsTransient),
                MaxRetryAttempts = RetriesMax,
                BackoffType = DelayBackoffType.Exponential,
                Delay = FirstRetryDelay,
                MaxDelay = RetryDelayMax,
                UseJitter = true,
            })
            .Build();
    }

    public S3Options Options { get; }

    /// <summary>
    /// Whether the connection uses TLS. TLS already protects the bodies of requests, so they need not be hashed again
    /// for the signature.
    /// </summary>
    public bool IsEncrypted => Options.Endpoint?.Scheme != "http";

    /// <summary>Sends an idempotent request and retries it if that can help.</summary>
    /// <remarks>
    /// The action is the purpose of the request. <paramref name="send"/> is called for each attempt; the bytes to send
    /// come from <see cref="S3Attempt.Body"/>.
    /// </remarks>
    /// <exception cref="BackupException">
    /// The request failed; the inner exception is the server's own response.
    /// </exception>
    public async Task<T> RunAsync<T>(
        S3Action action,
        Func<IAmazonS3, S3Attempt, Task<T>> send,
        CancellationToken cancellationToken)
    {
        int tries = 0;
        try
        {
            return await _retry.ExecuteAsync(
                async token =>
                {
                    tries++;
                    return await TryAsync(action, tries, send, token);
                },
                cancellationToken);
        }
        catch (Exception e) when (e is not (OperationCanceledException or BackupException))
        {
            throw S3Errors.Translate(e, action, Options);
        }
    }

    /// <summary>Reads an object's metadata. The key is without the repository's prefix.</summary>
    /// <exception cref="BackupException">As for <see cref="RunAsync"/>; also if the object does not exist.</exception>
    public Task<GetObjectMetadataResponse> HeadAsync(string key, CancellationToken cancellationToken) => RunAsync(
        S3Action.Inspect(key),
        (client, attempt) => client.GetObjectMetadataAsync(
            new GetObjectMetadataRequest { BucketName = Options.BucketName, Key = Options.KeyPrefix + key },
            attempt.CancellationToken),
        cancellationToken);

    /// <summary>Reads the metadata of a version of an object. The key is without the repository's prefix.</summary>
    /// <inheritdoc cref="HeadAsync(string, CancellationToken)"/>
    public Task<GetObjectMetadataResponse> HeadVersionAsync(
        string key, string versionId, CancellationToken cancellationToken) => RunAsync(
            S3Action.InspectVersion(key),
            (client, attempt) => client.GetObjectMetadataAsync(
                new GetObjectMetadataRequest
                {
                    BucketName = Options.BucketName,
                    Key = Options.KeyPrefix + key,
                    VersionId = versionId,
                },
                attempt.CancellationToken),
            cancellationToken);

    /// <summary>Deletes a version of an object. The key is without the repository's prefix.</summary>
    public Task<DeleteObjectResponse> DeleteVersionAsync(
        string key, string versionId, CancellationToken cancellationToken) => RunAsync(
            S3Action.DeleteVersion(key),
            (client, attempt) => client.DeleteObjectAsync(
                new DeleteObjectRequest
                {
                    BucketName = Options.BucketName,
                    Key = Options.KeyPrefix + key,
                    VersionId = versionId,
                },
                attempt.CancellationToken),
            cancellationToken);

    /// <summary>
    /// Aborts an upload; one that does not exist is not an error. The key is without the repository's prefix.
    /// </summary>
    public async Task AbortAsync(string key, string uploadId, CancellationToken cancellationToken)
    {
        try
        {
            await RunAsync(
                S3Action.Abort(key),
                (client, attempt) => client.AbortMultipartUploadAsync(
                    new AbortMultipartUploadRequest
                    {
                        BucketName = Options.BucketName,
                        Key = Options.KeyPrefix + key,
                        UploadId = uploadId,
                    },
                    attempt.CancellationToken),
                cancellationToken);
        }
        catch (BackupException e) when (e.InnerException is AmazonS3Exception { StatusCode: HttpStatusCode.NotFound })
        {
            // It was completed, or another process aborted it.
        }
    }

    public S3Attempt Attempt(CancellationToken cancellationToken) =>
        new(S3Attempt.StallTimeout, _time, cancellationToken);

    public void Dispose()
    {
        _client.Dispose();
        _http.Dispose();
    }

    private async Task<T> TryAsync<T>(
        S3Action action, int number, Func<IAmazonS3, S3Attempt, Task<T>> send, CancellationToken cancellationToken)
    {
        using S3Attempt attempt = Attempt(cancellationToken);
        try
        {
            return await send(_client, attempt);
        }
        catch (OperationCanceledException) when (attempt.Stalled)
        {
            throw attempt.Timeout();
        }
        catch (Exception e) when (number <= RetriesMax && S3Errors.IsTransient(e))
        {
            LogRetry(action.Text, number, e.Message);
            throw;
        }
    }

    private static ProxiedRequests Handler(S3Options options, string server, TimeProvider time)
    {
        // An invalid proxy setting throws here, before anything is sent.
        _ = options.Proxies.For(options.Endpoint ?? AnyOfAws);
        return new ProxiedRequests(
            options.Proxies,
            server,
            IsForeign,
            new RedirectAnswers(new SocketsHttpHandler
            {
                SslOptions = S3Trust.Of(options.CaCertificatePem, time).HandlerOptions(),
                ConnectTimeout = ConnectTimeout,
                PooledConnectionLifetime = ConnectionLifetime,
                AllowAutoRedirect = false,
                Proxy = options.Proxies,
            }));
    }

    /// <summary>
    /// Returns whether a response that came through a proxy cannot be from an S3 server. Error responses of an S3
    /// server are XML or contain its request ID. The response to a HEAD request for a missing object may contain only a
    /// status, and the response to a call that the server does not support (405, 501) may contain any text.
    /// </summary>
    private static bool IsForeign(HttpResponseMessage answer)
    {
        string? type = answer.Content.Headers.ContentType?.MediaType;
        return (int)answer.StatusCode >= 300
            && answer.StatusCode is not (HttpStatusCode.NotModified or HttpStatusCode.MethodNotAllowed
                or HttpStatusCode.NotImplemented)
            && !answer.Headers.Contains("x-amz-request-id")
            && type is not ("application/xml" or "text/xml")
            && !(type is null && answer.StatusCode == HttpStatusCode.NotFound
                && answer.RequestMessage?.Method == HttpMethod.Head);
    }

    private static SdkClient Client(S3Options options, HttpClient http, TimeProvider time)
    {
        if (options.Credentials is null)
        {
            AwsVariables.Clean();
            TokenService.Register(() => Handler(options, "a token service", time));
        }

        AmazonS3Config config = new()
        {
            HttpClientFactory = new OneHttpClient(http),
            ForcePathStyle = options.PathStyle ?? options.Endpoint is not null,
            // Otherwise checksums are in trailers of chunked bodies, which servers other than AWS's refuse.
            RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
            ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
            // The size of one copy from a part to the connection. With the default of 8 KiB each copy would be a TLS
            // record and a system call.
            BufferSize = CopyBytes,
            // Attempts are counted in one place: RunAsync.
            MaxErrorRetry = 0,
            MaxStaleConnectionRetries = 0,
            ThrottleRetries = false,
        };
        if (options.Endpoint is not null)
        {
            config.ServiceURL = options.Endpoint.AbsoluteUri;
            config.AuthenticationRegion = options.Region ?? S3Options.RegionOfEndpoints;
        }
        else if (options.Region is not null)
        {
            config.RegionEndpoint = RegionEndpoint.GetBySystemName(options.Region);
        }

        try
        {
            return options.Credentials switch
            {
                null => new SdkClient(config),
                { SessionToken: { } token } c => new SdkClient(
                    new SessionAWSCredentials(c.AccessKey, c.SecretKey, token), config),
                { } c => new SdkClient(new BasicAWSCredentials(c.AccessKey, c.SecretKey), config),
            };
        }
        catch (AmazonClientException e)
        {
            throw new BackupException(
                FailureReason.InvalidInput, $"{options.Address} cannot be used: {e.Message}", e)
            {
                Hint = "Set the region.",
                Settings = [Setting.S3Region],
            };
        }
    }

    [LoggerMessage(
        Level = LogLevel.Warning, Message = "S3 request to {Action} failed in attempt {Try} and is retried: {Error}")]
    private partial void LogRetry(string action, int @try, string error);
}
