using System.Globalization;
using System.Text.Json.Serialization;
using EtcdBackupAgent.Snapshots.Verification;

namespace EtcdBackupAgent.Core.Etcd;

/// <summary>
/// A cluster or member ID: 64 bits, written in lower-case hexadecimal without padding, as etcd's own tools print it.
/// </summary>
public readonly record struct EtcdId(ulong Value)
{
    /// <summary>Whether the text is hexadecimal, of either case, and fits 64 bits.</summary>
    public static bool TryParse(string text, out EtcdId id)
    {
        bool parsed = ulong.TryParse(
            text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong value);
        id = new EtcdId(value);
        return parsed;
    }

    /// <summary>Returns the text as etcd's own tools print it, such as <c>8e9e05c52164694d</c>.</summary>
    public override string ToString() => Value.ToString("x", CultureInfo.InvariantCulture);
}

/// <summary>The role of a member at the time when it was chosen.</summary>
public enum EtcdMemberRole
{
    /// <summary>A voting member that receives the writes from the leader.</summary>
    Follower,

    /// <summary>The voting member that orders all writes.</summary>
    Leader,

    /// <summary>A member that receives the writes of the others and has no vote.</summary>
    Learner,
}

/// <summary>
/// The etcd member that a snapshot was read from, as its <c>Maintenance.Status</c> described it just before. Of an
/// imported file it has only what the file contains.
/// </summary>
public sealed record EtcdMember
{
    /// <summary>The client URL that was used; null for an imported file.</summary>
    public string? Endpoint { get; init; }

    /// <summary>The cluster's ID; a restore to a data directory creates another.</summary>
    public required EtcdId ClusterId { get; init; }

    /// <summary>The member's ID within its cluster; null for an imported file of several members.</summary>
    public EtcdId? MemberId { get; init; }

    /// <summary>The member's role, which can change while the snapshot is read; null for an imported file.</summary>
    public EtcdMemberRole? Role { get; init; }

    /// <summary>The server's version, such as <c>3.5.30</c>; null for an imported file.</summary>
    public string? Version { get; init; }

    /// <summary>
    /// The revision of the key-value store. The snapshot is opened later, so it contains every write up to this
    /// revision and may contain later ones.
    /// </summary>
    public required long Revision { get; init; }

    /// <summary>
    /// The highest revision in the snapshot itself, at least <see cref="Revision"/>; null if the database was not read.
    /// </summary>
    public long? LastRevision { get; init; }

    /// <summary>
    /// The compacted revision in the snapshot itself, -1 for none; null if the database was not read.
    /// </summary>
    public long? CompactRevision { get; init; }

    /// <summary>
    /// The term of raft, which grows with each election of a leader; null for an imported file that does not have it.
    /// </summary>
    public ulong? RaftTerm { get; init; }

    /// <summary>
    /// The index of the last committed entry of raft's log; of an imported file the last one that it contains, null if
    /// it does not have it.
    /// </summary>
    public ulong? RaftIndex { get; init; }

    /// <summary>Bytes of the database file, including free pages.</summary>
    [JsonPropertyName("dbSize")]
    public required long DbSizeBytes { get; init; }

    /// <summary>Bytes of the database file without its free pages; null if the server does not report it.</summary>
    [JsonPropertyName("dbSizeInUse")]
    public long? DbSizeInUseBytes { get; init; }

    /// <summary>
    /// HashKV at <see cref="Revision"/>, which a later verification compares with the content; null if there is none.
    /// </summary>
    public HashKv? HashKv { get; init; }

    /// <summary>
    /// HashKV of the snapshot itself at <see cref="LastRevision"/> under <see cref="CompactRevision"/>, as the agent
    /// computed it; null if the database was not read. It is not a response of the member.
    /// </summary>
    public HashKv? ComputedHashKv { get; init; }

    /// <summary>Why there is no <see cref="HashKv"/>; null if there is one.</summary>
    public string? HashKvMissing { get; init; }
}
