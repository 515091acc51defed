using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using EtcdBackupAgent.Core.Etcd;

namespace EtcdBackupAgent.Core.Documents;

/// <summary>A cluster whose objects were read through its API server (<c>docs/spec/repository.md</c>).</summary>
public sealed record ApiCluster
{
    /// <summary>Distinguishes the cluster from all others (<see cref="IdOf"/>).</summary>
    public required EtcdId Id { get; init; }

    /// <summary>The UID of the namespace kube-system; null if the identity may not read it.</summary>
    public string? Uid { get; init; }

    /// <summary>The URL of the API server.</summary>
    public required string Endpoint { get; init; }

    /// <summary>The version of the API server, such as <c>v1.36.4</c>.</summary>
    public required string Version { get; init; }

    /// <summary>The lowest resourceVersion of the lists: all of them contain every write up to it.</summary>
    public required long Revision { get; init; }

    /// <summary>The number of objects.</summary>
    public required long Objects { get; init; }

    /// <summary>
    /// Returns the ID of a cluster: the first eight bytes of the SHA-256 of the UID, or of the URL if the UID is not
    /// known.
    /// </summary>
    public static EtcdId IdOf(string? uid, string endpoint) =>
        new(BinaryPrimitives.ReadUInt64BigEndian(SHA256.HashData(Encoding.UTF8.GetBytes(uid ?? endpoint))));
}
