using System.Text.Json.Serialization;

namespace EtcdBackupAgent.Snapshots.Reports;

/// <summary>
/// The JSON of a member as etcd writes it: <c>Member</c> in etcd's <c>server/etcdserver/api/membership/member.go</c>.
/// </summary>
internal sealed record EtcdMemberDocument
{
    [JsonPropertyName("id")]
    public ulong Id { get; init; }

    [JsonPropertyName("name")]
    public string? Name { get; init; }

    [JsonPropertyName("peerURLs")]
    public IReadOnlyList<string>? PeerUrls { get; init; }

    [JsonPropertyName("clientURLs")]
    public IReadOnlyList<string>? ClientUrls { get; init; }

    [JsonPropertyName("isLearner")]
    public bool IsLearner { get; init; }
}

[JsonSerializable(typeof(EtcdMemberDocument))]
internal sealed partial class EtcdMemberJson : JsonSerializerContext;
