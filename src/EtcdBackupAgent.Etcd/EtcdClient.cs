using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Etcd.Api;
using EtcdBackupAgent.Etcd.Grpc;
using EtcdBackupAgent.Etcd.Streaming;
using EtcdBackupAgent.Etcd.Tls;
using Google.Protobuf;

namespace EtcdBackupAgent.Etcd;

/// <summary>
/// etcd's API as far as a backup needs it, at one endpoint. All calls throw <see cref="BackupException"/> with one of the
/// <c>Etcd*</c> reasons, naming the endpoint, the call and the cause. Not for parallel use.
/// </summary>
internal sealed class EtcdClient : IDisposable
{
    private const string TokenMetadata = "token";

    private readonly EtcdConnection _connection;
    private readonly TimeProvider _timeProvider;
    private readonly TlsCredentials _credentials;
    private readonly EndpointConnector _connector;
    private readonly GrpcChannel _channel;
    private KeyValuePair<string, string>? _token;

    public EtcdClient(EtcdConnection connection, Uri endpoint, TimeProvider timeProvider)
    {
        _connection = connection;
        _timeProvider = timeProvider;
        Endpoint = EtcdEndpoints.Display(endpoint);
        _credentials = TlsCredentials.Read(connection, timeProvider.GetUtcNow());
        _connector = new EndpointConnector(endpoint, connection.ServerName, _credentials, timeProvider);
        _channel = new GrpcChannel(
            endpoint,
            new SocketsHttpHandler
            {
                UseProxy = false,
                UseCookies = false,
                AllowAutoRedirect = false,
                ActivityHeadersPropagator = null,
                ConnectTimeout = connection.ConnectTimeout,
                InitialHttp2StreamWindowSize = EtcdConnection.SnapshotWindowBytes,
                ConnectCallback = (_, cancellationToken) => _connector.ConnectAsync(cancellationToken),
            },
            timeProvider);
    }

    /// <summary>The client URL, for messages.</summary>
    public string Endpoint { get; }

    /// <summary>How the member is and where it stands. Needs no leader.</summary>
    public Task<StatusResponse> StatusAsync(CancellationToken cancellationToken) =>
        CallAsync("Maintenance/Status", new StatusRequest(), StatusResponse.Parser, cancellationToken);

    /// <summary>
    /// The hash of all keys and values up to a revision; 0 means the latest. The member makes no write and no
    /// linearizable read while it computes it, and goes on with it when the call is cancelled.
    /// </summary>
    public async Task<HashKVResponse> HashKvAsync(long revision, CancellationToken cancellationToken)
    {
        await AuthenticateAsync(cancellationToken);
        return await SendAsync(
            "Maintenance/HashKV",
            new HashKVRequest { Revision = revision },
            HashKVResponse.Parser,
            _connection.HashKvTimeout,
            cancellationToken);
    }

    /// <summary>Whether this member has compacted past a revision, which is above 0: it can no longer be read.</summary>
    public async Task<bool> IsCompactedAsync(long revision, CancellationToken cancellationToken)
    {
        RangeRequest request = new()
        {
            // A key that nobody has: the revision is looked at first.
            Key = ByteString.CopyFrom(0),
            Revision = revision,
            Serializable = true,
            CountOnly = true,
        };
        try
        {
            await CallAsync("KV/Range", request, RangeResponse.Parser, cancellationToken);
            return false;
        }
        catch (BackupException e) when (EtcdFailure.IsCompacted(e))
        {
            return true;
        }
    }

    public Task<MemberListResponse> MemberListAsync(CancellationToken cancellationToken) =>
        CallAsync("Cluster/MemberList", new MemberListRequest(), MemberListResponse.Parser, cancellationToken);

    /// <summary>Opens the snapshot stream and reads its first message. The stream takes this client over and disposes it.</summary>
    public async Task<SnapshotStream> SnapshotAsync(CancellationToken cancellationToken)
    {
        const string Call = "Maintenance/Snapshot";
        await AuthenticateAsync(cancellationToken);
        using CancellationTokenSource stall = new(_connection.NoProgressTimeout, _timeProvider);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, stall.Token);
        GrpcAnswer? answer = null;
        try
        {
            answer = await _channel.ServerStreamAsync(Method(Call), new SnapshotRequest(), _token, either.Token);
            return await SnapshotStream.OpenAsync(
                Endpoint, answer, this, _connection.NoProgressTimeout, _timeProvider, either.Token);
        }
        catch (Exception e)
        {
            answer?.Dispose();
            if (!EtcdFailure.IsKnown(e) || cancellationToken.IsCancellationRequested)
            {
                throw;
            }

            throw stall.IsCancellationRequested
                ? new BackupException(
                    FailureReason.EtcdUnreachable,
                    $"{Endpoint}: {Call} failed: nothing came within {_connection.NoProgressTimeout.TotalSeconds:0.###} s.",
                    e)
                : Failure(Call, e);
        }
    }

    public void Dispose()
    {
        _channel.Dispose();
        _credentials.Dispose();
    }

    private static string Method(string call) => $"etcdserverpb.{call}";

    private BackupException Failure(string call, Exception e) =>
        EtcdFailure.From(Endpoint, call, e is HttpRequestException or IOException ? _connector.Refusal ?? e : e);

    private async Task<TResponse> CallAsync<TResponse>(
        string call, IMessage request, MessageParser<TResponse> parser, CancellationToken cancellationToken)
        where TResponse : IMessage<TResponse>
    {
        await AuthenticateAsync(cancellationToken);
        return await SendAsync(call, request, parser, _connection.CallTimeout, cancellationToken);
    }

    /// <summary>
    /// Trades user and password for a token, once. etcd's tokens end after some minutes without use; this client lives for one
    /// backup, whose last call is the snapshot.
    /// </summary>
    private async Task AuthenticateAsync(CancellationToken cancellationToken)
    {
        if (_connection is not { User: { } user, Password: { } password } || _token is not null)
        {
            return;
        }

        AuthenticateRequest request = new() { Name = user, Password = password };
        try
        {
            AuthenticateResponse response = await SendAsync(
                "Auth/Authenticate", request, AuthenticateResponse.Parser, _connection.CallTimeout, cancellationToken);
            _token = new KeyValuePair<string, string>(TokenMetadata, response.Token);
        }
        catch (BackupException e) when (e.InnerException is GrpcException { Code: GrpcStatusCode.FailedPrecondition })
        {
            // "authentication is not enabled": whoever turns it off does not have to change every client first.
        }
        catch (BackupException e)
            when (e.Reason == FailureReason.EtcdDenied && EtcdUserName.PasswordHint(user) is { } hint)
        {
            throw new BackupException(e.Reason, e.Message, e.InnerException) { Hint = hint };
        }
    }

    private async Task<TResponse> SendAsync<TResponse>(
        string call,
        IMessage request,
        MessageParser<TResponse> parser,
        TimeSpan timeout,
        CancellationToken cancellationToken)
        where TResponse : IMessage<TResponse>
    {
        try
        {
            return await _channel.UnaryAsync(Method(call), request, parser, _token, timeout, cancellationToken);
        }
        catch (Exception e) when (EtcdFailure.IsKnown(e) && !cancellationToken.IsCancellationRequested)
        {
            throw Failure(call, e);
        }
    }
}
