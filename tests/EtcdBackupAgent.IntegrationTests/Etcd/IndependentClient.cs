using System.Globalization;
using System.Text;
using EtcdBackupAgent.Snapshots.Verification;
using Etcdserverpb;
using Google.Protobuf;
using Grpc.Core;
using Mvccpb;
using DotnetEtcd = dotnet_etcd.EtcdClient;

namespace EtcdBackupAgent.IntegrationTests.Etcd;

/// <summary>
/// dotnet-etcd at one member of an etcd without TLS. It is a client with its own messages and calls, to check the
/// results of the agent's client.
/// </summary>
internal sealed class IndependentClient : IDisposable
{
    private static readonly ByteString AllKeys = ByteString.CopyFrom(0);

    private readonly DotnetEtcd _client;

    public IndependentClient(Uri endpoint) => _client = new DotnetEtcd(
        endpoint.GetLeftPart(UriPartial.Authority),
        configureChannelOptions: options => options.Credentials = ChannelCredentials.Insecure);

    /// <summary>The store's revision after the last change.</summary>
    public long Revision { get; private set; } = 1;

    public static RequestOp Put(string key, ReadOnlySpan<byte> value, long lease = 0) => new()
    {
        RequestPut = new PutRequest
        {
            Key = ByteString.CopyFromUtf8(key),
            Value = ByteString.CopyFrom(value),
            Lease = lease,
        },
    };

    public static RequestOp Put(string key, string value, long lease = 0) =>
        Put(key, Encoding.UTF8.GetBytes(value), lease);

    public static RequestOp Delete(string key) =>
        new() { RequestDeleteRange = new DeleteRangeRequest { Key = ByteString.CopyFromUtf8(key) } };

    /// <summary>All keys from one on: with <c>\0</c>, all.</summary>
    public static RequestOp DeleteFrom(string key) => new()
    {
        RequestDeleteRange = new DeleteRangeRequest { Key = ByteString.CopyFromUtf8(key), RangeEnd = AllKeys },
    };

    /// <summary>One transaction, and so one revision.</summary>
    public async Task ChangeAsync(params IEnumerable<RequestOp> operations) =>
        Observe((await _client.TransactionAsync(new TxnRequest { Success = { operations } })).Header);

    public async Task<long> GrantLeaseAsync(long seconds) =>
        (await _client.LeaseGrantAsync(new LeaseGrantRequest { TTL = seconds })).ID;

    public async Task RevokeLeaseAsync(long id) =>
        Observe((await _client.LeaseRevokeAsync(new LeaseRevokeRequest { ID = id })).Header);

    /// <summary>A lease as text: the seconds that were granted, and its keys.</summary>
    public async Task<string> LeaseAsync(long id)
    {
        LeaseTimeToLiveResponse lease =
            await _client.LeaseTimeToLiveAsync(new LeaseTimeToLiveRequest { ID = id, Keys = true });
        IEnumerable<string> keys = lease.Keys.Select(key => key.ToStringUtf8()).Order(StringComparer.Ordinal);
        return string.Create(CultureInfo.InvariantCulture, $"{lease.GrantedTTL} s: {string.Join(' ', keys)}");
    }

    /// <summary>Compacts, and waits until the records are removed if <paramref name="physical"/>.</summary>
    public async Task CompactAsync(long revision, bool physical) =>
        await _client.CompactAsync(new CompactionRequest { Revision = revision, Physical = physical });

    public async Task RaiseAlarmAsync(AlarmType alarm, ulong member) => await _client.AlarmAsync(
        new AlarmRequest { Action = AlarmRequest.Types.AlarmAction.Activate, Alarm = alarm, MemberID = member });

    /// <summary>The hash at a revision; 0 means the latest.</summary>
    public async Task<HashKv> HashKvAsync(long revision)
    {
        HashKVResponse response = await _client.HashKVAsync(new HashKVRequest { Revision = revision });
        return new HashKv
        {
            Revision = revision == 0 ? Revision : revision,
            Hash = response.Hash,
            CompactRevision = response.CompactRevision,
        };
    }

    /// <summary>All keys as they were at a revision, in their order; 0 means the latest.</summary>
    public async Task<IReadOnlyList<KeyValue>> KeysAsync(long revision = 0) =>
        (await _client.GetAsync(new RangeRequest { Key = AllKeys, RangeEnd = AllKeys, Revision = revision })).Kvs;

    /// <summary>How many keys exist.</summary>
    public async Task<long> CountAsync() =>
        (await _client.GetAsync(new RangeRequest { Key = AllKeys, RangeEnd = AllKeys, CountOnly = true })).Count;

    public void Dispose() => _client.Dispose();

    private void Observe(ResponseHeader header) => Revision = Math.Max(Revision, header.Revision);
}
