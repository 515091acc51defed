using EtcdBackupAgent.Core.Deadlines;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Etcd.Api;
using EtcdBackupAgent.Etcd.Failures;
using EtcdBackupAgent.Etcd.Members;
using EtcdBackupAgent.Etcd.Streaming;
using EtcdBackupAgent.Etcd.Tls;
using EtcdBackupAgent.Etcd.Watching;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;

namespace EtcdBackupAgent.Etcd;

/// <summary>
/// The part of etcd's API that a backup and the change log need, at one endpoint. All calls throw
/// <see cref="BackupException"/> with one of the <c>Etcd*</c> reasons, naming the endpoint, the call and the cause.
/// Calls may overlap: two first ones may both get a token, and both tokens are valid.
/// </summary>
internal sealed class EtcdClient : IDisposable
{
    private const string TokenMetadata = "token";

    /// <summary>The member ends the call when it has lost its leader.</summary>
    private const string RequireLeaderMetadata = "hasleader";

    /// <summary>The lowest key of all, which does not exist. In a watch it stands for all keys.</summary>
    private static readonly ByteString KeyZero = ByteString.CopyFrom(0);

    private readonly EtcdConnection _connection;
    private readonly TimeProvider _timeProvider;
    private readonly TlsCredentials _credentials;
    private readonly EndpointConnector _connector;
    private readonly GrpcChannel _channel;
    private readonly CallInvoker _calls;
    private Metadata? _token;

    public EtcdClient(EtcdConnection connection, Uri endpoint, TimeProvider timeProvider)
        : this(connection, endpoint, ChannelLimits.ForSnapshot(), timeProvider)
    {
    }

    public EtcdClient(EtcdConnection connection, Uri endpoint, ChannelLimits limits, TimeProvider timeProvider)
    {
        _connection = connection;
        _timeProvider = timeProvider;
        Endpoint = EtcdEndpoints.Display(endpoint);
        _credentials = connection.ReadCredentials(timeProvider.GetUtcNow());
        _connector = new EndpointConnector(endpoint, connection.ServerName, _credentials, timeProvider);
        _channel = GrpcChannel.ForAddress(endpoint, new GrpcChannelOptions
        {
            HttpHandler = new SocketsHttpHandler
            {
                UseProxy = false,
                UseCookies = false,
                AllowAutoRedirect = false,
                ActivityHeadersPropagator = null,
                ConnectTimeout = connection.ConnectTimeout,
                InitialHttp2StreamWindowSize = limits.WindowBytes,
                KeepAlivePingDelay = limits.PingDelay,
                KeepAlivePingTimeout = limits.PingDelay,
                KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
                ConnectCallback = (_, cancellationToken) => _connector.ConnectAsync(cancellationToken),
            },
            DisposeHttpClient = true,
            MaxReceiveMessageSize = limits.MessageBytesMax,
            // The limit applies to the received bytes: a compressed message could have any size.
            CompressionProviders = [],
        });
        _calls = _channel.CreateCallInvoker();
    }

    /// <summary>The client URL, for messages.</summary>
    public string Endpoint { get; }

    /// <summary>Returns the state and the position of the member. Needs no leader.</summary>
    public Task<StatusResponse> StatusAsync(CancellationToken cancellationToken) => CallAsync(
        "Maintenance/Status",
        options => new Maintenance.MaintenanceClient(_calls).StatusAsync(new StatusRequest(), options),
        _connection.CallTimeout,
        cancellationToken);

    /// <summary>
    /// Returns the hash of all keys and values up to a revision; 0 means the latest. The member makes no write and no
    /// linearizable read while it computes the hash, and continues to compute it if the call is cancelled.
    /// </summary>
    public Task<HashKVResponse> HashKvAsync(long revision, CancellationToken cancellationToken) => CallAsync(
        "Maintenance/HashKV",
        options => new Maintenance.MaintenanceClient(_calls)
            .HashKVAsync(new HashKVRequest { Revision = revision }, options),
        _connection.HashKvTimeout,
        cancellationToken);

    /// <summary>
    /// Makes a linearizable read: afterwards the member has applied everything that the cluster had committed before
    /// the call. Fails without a quorum.
    /// </summary>
    /// <returns>The member that responded, and the revision at which it read.</returns>
    public async Task<ResponseHeader> ReadLinearizableAsync(CancellationToken cancellationToken)
    {
        RangeResponse response = await CallAsync(
            "KV/Range",
            options => new KV.KVClient(_calls)
                .RangeAsync(new RangeRequest { Key = KeyZero, CountOnly = true }, options),
            _connection.CallTimeout,
            cancellationToken);
        return response.Header
            ?? throw new BackupException(FailureReason.EtcdFailed, $"{Endpoint}: KV/Range returned no header.");
    }

    /// <summary>Whether this member has compacted past a revision above 0, so that it can no longer be read.</summary>
    public async Task<bool> IsCompactedAsync(long revision, CancellationToken cancellationToken)
    {
        RangeRequest request = new()
        {
            // etcd checks the revision first.
            Key = KeyZero,
            Revision = revision,
            Serializable = true,
            CountOnly = true,
        };
        try
        {
            await CallAsync(
                "KV/Range",
                options => new KV.KVClient(_calls).RangeAsync(request, options),
                _connection.CallTimeout,
                cancellationToken);
            return false;
        }
        catch (BackupException e) when (EtcdFailure.IsCompacted(e))
        {
            return true;
        }
    }

    /// <summary>Returns the granted time to live of a lease. The leader knows it; the others ask the leader.</summary>
    public Task<LeaseTimeToLiveResponse> LeaseTimeToLiveAsync(long leaseId, CancellationToken cancellationToken) =>
        CallAsync(
            "Lease/LeaseTimeToLive",
            options => new Lease.LeaseClient(_calls)
                .LeaseTimeToLiveAsync(new LeaseTimeToLiveRequest { Id = leaseId }, options),
            _connection.CallTimeout,
            cancellationToken);

    /// <summary>
    /// Returns whether authentication is enabled, and the number of changes of it; null if the version of etcd does not
    /// have this call, which exists since 3.5. Writes an entry to raft's log.
    /// </summary>
    public async Task<AuthStatusResponse?> AuthStatusAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await CallAsync(
                "Auth/AuthStatus",
                options => new Auth.AuthClient(_calls).AuthStatusAsync(new AuthStatusRequest(), options),
                _connection.CallTimeout,
                cancellationToken);
        }
        catch (BackupException e) when (e.InnerException is RpcException { StatusCode: StatusCode.Unimplemented })
        {
            return null;
        }
    }

    /// <summary>Returns the members of the cluster, as this member knows them.</summary>
    public Task<MemberListResponse> MemberListAsync(CancellationToken cancellationToken) => CallAsync(
        "Cluster/MemberList",
        options => new Cluster.ClusterClient(_calls).MemberListAsync(new MemberListRequest(), options),
        _connection.CallTimeout,
        cancellationToken);

    /// <summary>
    /// Watches all keys, from a revision on. Returns when the member has confirmed the watch. The member cancels it if
    /// it has no leader.
    /// </summary>
    /// <param name="fromRevision">The first revision, above 0.</param>
    /// <param name="member">The member that must respond.</param>
    /// <param name="cancellationToken">Ends the watch, also after this method has returned.</param>
    public async Task<WatchStream> WatchAsync(
        long fromRevision, MemberIdentity member, CancellationToken cancellationToken)
    {
        await AuthenticateAsync(cancellationToken);
        WatchCreateRequest request = new()
        {
            Key = KeyZero,
            RangeEnd = KeyZero,
            StartRevision = fromRevision,
            Fragment = true,
        };
        return await WatchStream.OpenAsync(
            request,
            cancellation => new Watch.WatchClient(_calls).Watch(new CallOptions(
                [.. _token ?? [], new Metadata.Entry(RequireLeaderMetadata, "true")], cancellationToken: cancellation)),
            member,
            e => EtcdFailure.From(Endpoint, WatchStream.Call, e, _connector.Refusal),
            new Deadline(_connection.CallTimeout, _timeProvider, cancellationToken),
            cancellationToken);
    }

    /// <summary>
    /// Opens the snapshot stream and reads its first message. The stream then owns this client and disposes it.
    /// </summary>
    public async Task<SnapshotStream> SnapshotAsync(CancellationToken cancellationToken)
    {
        const string Call = "Maintenance/Snapshot";
        await AuthenticateAsync(cancellationToken);
        try
        {
            return await SnapshotStream.OpenAsync(
                Endpoint, _calls, _token, this, _connection.NoProgressTimeout, _timeProvider, cancellationToken);
        }
        catch (TimeoutException e)
        {
            throw new BackupException(
                FailureReason.EtcdUnreachable,
                $"{Endpoint}: {Call} failed: no message within {_connection.NoProgressTimeout.TotalSeconds:0.###} s.",
                e);
        }
        catch (RpcException e)
        {
            throw EtcdFailure.From(Endpoint, Call, e, _connector.Refusal);
        }
    }

    public void Dispose()
    {
        _channel.Dispose();
        _credentials.Dispose();
    }

    private async Task<TResponse> CallAsync<TResponse>(
        string call,
        Func<CallOptions, AsyncUnaryCall<TResponse>> start,
        TimeSpan timeout,
        CancellationToken cancellationToken)
    {
        await AuthenticateAsync(cancellationToken);
        return await SendAsync(call, start, timeout, cancellationToken);
    }

    /// <summary>
    /// Exchanges user and password for a token, once. etcd's tokens expire after some minutes without use; this client
    /// lives for one backup, whose last call is the snapshot.
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
                "Auth/Authenticate",
                options => new Auth.AuthClient(_calls).AuthenticateAsync(request, options),
                _connection.CallTimeout,
                cancellationToken);
            _token = new Metadata { { TokenMetadata, response.Token } };
        }
        catch (BackupException e) when (e.InnerException is RpcException { StatusCode: StatusCode.FailedPrecondition })
        {
            // "authentication is not enabled": it can be disabled without changing every client first.
        }
        catch (BackupException e)
            when (e.Reason == FailureReason.EtcdDenied && EtcdUserName.PasswordHint(user) is { } hint)
        {
            throw new BackupException(e.Reason, e.Message, e.InnerException) { Hint = hint };
        }
    }

    /// <summary>
    /// Makes one call, which takes no longer than the timeout, including the connection. The deadline does not use that
    /// of the library, which is based on the system clock.
    /// </summary>
    private async Task<TResponse> SendAsync<TResponse>(
        string call,
        Func<CallOptions, AsyncUnaryCall<TResponse>> start,
        TimeSpan timeout,
        CancellationToken cancellationToken)
    {
        using Deadline deadline = new(timeout, _timeProvider, cancellationToken);
        try
        {
            using AsyncUnaryCall<TResponse> answer = start(new CallOptions(_token, cancellationToken: deadline.Token));
            return await answer.ResponseAsync;
        }
        catch (RpcException e) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException($"{call} was cancelled.", e, cancellationToken);
        }
        catch (RpcException e)
        {
            throw deadline.HasPassed
                ? EtcdFailure.TimedOut(Endpoint, call, timeout, e)
                : EtcdFailure.From(Endpoint, call, e, _connector.Refusal);
        }
    }
}
