using System.Security.Cryptography.X509Certificates;
using EtcdBackupAgent.Bench.Filling.Api;
using EtcdBackupAgent.Etcd.Api;
using EtcdBackupAgent.Etcd.Grpc;
using Google.Protobuf;

namespace EtcdBackupAgent.Bench.Filling;

/// <summary>The few calls that filling needs; may be used in parallel.</summary>
internal sealed class EtcdGateway : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly GrpcChannel _channel;

    public EtcdGateway(Uri endpoint, TlsFiles? tls)
    {
        SocketsHttpHandler handler = tls?.Handler() ?? new SocketsHttpHandler();
        _channel = new GrpcChannel(endpoint, handler, TimeProvider.System);
    }

    /// <summary>Writes some keys in one transaction: at most 128, and 1.5 MB in all, by etcd's own limits.</summary>
    /// <exception cref="GrpcException">etcd refused.</exception>
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
        return CallAsync("KV/Txn", request, TxnResponse.Parser, cancellationToken);
    }

    /// <summary>The size of the database file, in bytes.</summary>
    public async Task<long> DatabaseBytesAsync(CancellationToken cancellationToken) =>
        (await CallAsync("Maintenance/Status", new StatusRequest(), StatusResponse.Parser, cancellationToken)).DbSize;

    /// <summary>Whether the member leads its cluster.</summary>
    public async Task<bool> IsLeaderAsync(CancellationToken cancellationToken)
    {
        StatusResponse status =
            await CallAsync("Maintenance/Status", new StatusRequest(), StatusResponse.Parser, cancellationToken);
        return status.Leader == status.Header.MemberId;
    }

    public void Dispose() => _channel.Dispose();

    private Task<TResponse> CallAsync<TResponse>(
        string method, IMessage request, MessageParser<TResponse> parser, CancellationToken cancellationToken)
        where TResponse : IMessage<TResponse> =>
        _channel.UnaryAsync($"etcdserverpb.{method}", request, parser, metadata: null, Patience, cancellationToken);
}

/// <summary>PEM files of a client with a certificate.</summary>
internal sealed record TlsFiles(string Authority, string Certificate, string Key)
{
    /// <summary>Shows the certificate, and trusts the authority alone.</summary>
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
