using System.Net;
using System.Net.Http.Headers;
using Google.Protobuf;

namespace EtcdBackupAgent.Etcd.Grpc;

/// <summary>
/// gRPC calls to one server: unary, and one request answered by a stream. Not here, because etcd's API needs none of it for a
/// backup: compression, client streams, retries, load balancing.
/// Source: <see href="https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md">gRPC over HTTP/2</see>.
/// </summary>
/// <remarks>
/// Calls throw <see cref="GrpcException"/> for what the server answers, and <see cref="HttpRequestException"/> or
/// <see cref="IOException"/> for what the connection does.
/// </remarks>
internal sealed class GrpcChannel(Uri server, HttpMessageHandler handler, TimeProvider timeProvider) : IDisposable
{
    private const string ContentType = "application/grpc";

    private readonly HttpMessageInvoker _http = new(handler);

    /// <summary>
    /// One request, one answer. A method is named with its service: <c>etcdserverpb.Maintenance/Status</c>. The whole call,
    /// connecting included, takes no longer than the timeout, of which the server is told.
    /// </summary>
    public async Task<TResponse> UnaryAsync<TResponse>(
        string method,
        IMessage request,
        MessageParser<TResponse> parser,
        KeyValuePair<string, string>? metadata,
        TimeSpan timeout,
        CancellationToken cancellationToken)
        where TResponse : IMessage<TResponse>
    {
        using CancellationTokenSource deadline = new(timeout, timeProvider);
        using CancellationTokenSource either =
            CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        try
        {
            using GrpcAnswer answer = await SendAsync(method, request, metadata, timeout, either.Token);
            byte[]? message = await answer.ReadMessageAsync(either.Token);
            if (message is not null && await answer.ReadMessageAsync(either.Token) is not null)
            {
                throw new GrpcException(GrpcStatusCode.Internal, $"{method} answered with more than one message");
            }

            answer.Status.ThrowUnlessOk();
            return message is null
                ? throw new GrpcException(GrpcStatusCode.Internal, $"{method} answered OK but without a message")
                : parser.ParseFrom(message);
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new GrpcException(GrpcStatusCode.Internal, $"{method} answered with a damaged message: {e.Message}");
        }
        catch (OperationCanceledException)
            when (deadline.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new GrpcException(
                GrpcStatusCode.DeadlineExceeded, $"there was no answer within {timeout.TotalSeconds:0.###} s");
        }
    }

    /// <summary>One request, answered by a stream, which may take any time; the caller ends it by disposing it.</summary>
    /// <exception cref="GrpcException">The server refused the call without sending anything.</exception>
    public Task<GrpcAnswer> ServerStreamAsync(
        string method,
        IMessage request,
        KeyValuePair<string, string>? metadata,
        CancellationToken cancellationToken) =>
        SendAsync(method, request, metadata, timeout: null, cancellationToken);

    public void Dispose() => _http.Dispose();

    private async Task<GrpcAnswer> SendAsync(
        string method,
        IMessage request,
        KeyValuePair<string, string>? metadata,
        TimeSpan? timeout,
        CancellationToken cancellationToken)
    {
        using HttpRequestMessage message = new(HttpMethod.Post, new Uri(server, $"/{method}"))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = FrameOf(request),
        };
        // Some proxies cut trailers, and with them the status; this header says that we understand them.
        message.Headers.TE.Add(new TransferCodingWithQualityHeaderValue("trailers"));
        if (timeout is { } limit)
        {
            message.Headers.TryAddWithoutValidation(GrpcTimeout.Header, GrpcTimeout.Format(limit));
        }

        if (metadata is { } pair)
        {
            message.Headers.TryAddWithoutValidation(pair.Key, pair.Value);
        }

        HttpResponseMessage response = await _http.SendAsync(message, cancellationToken);
        try
        {
            GrpcStatus? status = GrpcStatus.From(response.Headers);
            (status ?? StatusOfHttp(response)).ThrowUnlessOk();
            return new GrpcAnswer(response, await response.Content.ReadAsStreamAsync(cancellationToken));
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }

    private static ByteArrayContent FrameOf(IMessage request)
    {
        byte[] frame = new byte[GrpcFrame.HeaderSizeBytes + request.CalculateSize()];
        GrpcFrame.WriteHeader(frame);
        request.WriteTo(frame.AsSpan(GrpcFrame.HeaderSizeBytes));
        return new ByteArrayContent(frame) { Headers = { ContentType = new MediaTypeHeaderValue(ContentType) } };
    }

    /// <summary>An answer without a status so far is one of gRPC's if it says so; its status is then in the trailers.</summary>
    private static GrpcStatus StatusOfHttp(HttpResponseMessage response)
    {
        if (response.StatusCode != HttpStatusCode.OK)
        {
            return GrpcStatus.FromHttp((int)response.StatusCode);
        }

        string? mediaType = response.Content.Headers.ContentType?.MediaType;
        return mediaType is not null && mediaType.StartsWith(ContentType, StringComparison.OrdinalIgnoreCase)
            ? new GrpcStatus(GrpcStatusCode.Ok, "")
            : new GrpcStatus(GrpcStatusCode.Unknown, $"the answer is of type '{mediaType}', not {ContentType}");
    }
}
