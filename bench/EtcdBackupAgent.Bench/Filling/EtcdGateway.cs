using System.Security.Cryptography.X509Certificates;
using EtcdBackupAgent.Bench.Filling.Api;
using EtcdBackupAgent.Etcd.Api;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using KV = EtcdBackupAgent.Bench.Filling.Api.KV;

namespace EtcdBackupAgent.Bench.Filling;

/// <summary>A client with the few calls that filling needs. It can be used in parallel.</summary>
internal sealed class EtcdGateway : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan CompactionPatience = TimeSpan.FromMinutes(30);

    private readonly GrpcChannel _channel;
    private readonly KV.KVClient _keys;
    private readonly Maintenance.MaintenanceClient _maintenance;

    public EtcdGateway(Uri endpoint, TlsFiles? tls)
    {
        HttpMessageHandler handler = tls?.Handler() ?? new SocketsHttpHandler();
        _channel = GrpcChannel.ForAddress(
            endpoint, new GrpcChannelOptions { HttpHandler = handler, DisposeHttpClient = true });
        _keys = new KV.KVClient(_channel);
        _maintenance = new Maintenance.MaintenanceClient(_channel);
    }

    /// <summary>Writes keys in one transaction. etcd's limits are 128 keys and 1.5 MB.</summary>
    /// <exception cref="RpcException">etcd rejected the transaction.</exception>
    public Task PutAsync(IEnumerable<(string Key, byte[] Value)> pairs, CancellationToken cancellationToken)
    {
        TxnRequest request = new()
        {
            Success =
            {
                pairs.Select(pair => new RequestOp
                {
                    RequestPut = new PutRequest
                    {
                        Key = ByteString.CopyFromUtf8(pair.Key),
                        Value = UnsafeByteOperations.UnsafeWrap(pair.Value),
                    },
                }),
            },
        };
        return InTimeAsync(token => _keys.TxnAsync(request, cancellationToken: token), cancellationToken);
    }

    /// <summary>Returns the size of the database file in bytes.</summary>
    public async Task<long> DatabaseBytesAsync(CancellationToken cancellationToken) =>
        (await StatusAsync(cancellationToken)).DbSize;

    /// <summary>Returns the revision of the store.</summary>
    public async Task<long> RevisionAsync(CancellationToken cancellationToken) =>
        (await StatusAsync(cancellationToken)).Header.Revision;

    /// <summary>Removes all revisions of keys but the newest, and waits until they are removed.</summary>
    public async Task CompactAsync(CancellationToken cancellationToken)
    {
        CompactionRequest request = new()
        {
            Revision = (await StatusAsync(cancellationToken)).Header.Revision,
            Physical = true,
        };
        await InTimeAsync(
            token => _keys.CompactAsync(request, cancellationToken: token), cancellationToken, CompactionPatience);
    }

    /// <summary>Returns whether the member is the leader of its cluster.</summary>
    public async Task<bool> IsLeaderAsync(CancellationToken cancellationToken)
    {
        StatusResponse status = await StatusAsync(cancellationToken);
        return status.Leader == status.Header.MemberId;
    }

    public void Dispose() => _channel.Dispose();

    private Task<StatusResponse> StatusAsync(CancellationToken cancellationToken) => InTimeAsync(
        token => _maintenance.StatusAsync(new StatusRequest(), cancellationToken: token), cancellationToken);

    private static async Task<TResponse> InTimeAsync<TResponse>(
        Func<CancellationToken, AsyncUnaryCall<TResponse>> call,
        CancellationToken cancellationToken,
        TimeSpan? patienceMax = null)
    {
        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(patienceMax ?? Patience);
        return await call(patience.Token);
    }
}

/// <summary>The PEM files of a client with a certificate.</summary>
internal sealed record TlsFiles(string Authority, string Certificate, string Key)
{
    /// <summary>Creates a handler that sends the certificate and trusts only the authority.</summary>
    public SocketsHttpHandler Handler()
    {
        X509ChainPolicy policy = new()
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
        };
        policy.CustomTrustStore.ImportFromPemFile(Authority);
        return new SocketsHttpHandler
        {
            SslOptions =
            {
                ClientCertificates = [X509Certificate2.CreateFromPemFile(Certificate, Key)],
                CertificateChainPolicy = policy,
            },
        };
    }
}
