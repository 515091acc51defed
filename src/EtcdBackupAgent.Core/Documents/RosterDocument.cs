using System.Globalization;
using EtcdBackupAgent.Archive.Hashing;

namespace EtcdBackupAgent.Core.Documents;

/// <summary>
/// <c>roster.json</c>: the snapshots of a chain that existed when another one was written. It has no digest of its own:
/// the manifest beside it contains that of its bytes.
/// </summary>
internal sealed record RosterDocument
{
    /// <summary>The highest number of entries; of more snapshots only the newest are listed.</summary>
    public const int EntriesMax = 10_000;

    /// <summary>The largest roster that is read, in bytes: an entry has at most 95.</summary>
    public const int BytesMax = 1 << 20;

    public required int FormatVersion { get; init; }

    /// <summary><see cref="ChainLink.Id"/>.</summary>
    public required string Chain { get; init; }

    /// <summary>The entries as text, by number.</summary>
    public required IReadOnlyList<string> Standing { get; init; }

    /// <summary>The entries.</summary>
    /// <exception cref="FormatException">An entry is malformed.</exception>
    public IReadOnlyList<RosterEntry> Read() => [.. Standing.Select(RosterEntry.Parse)];
}

/// <summary>A snapshot in a roster.</summary>
internal readonly record struct RosterEntry(int Number, SnapshotId Id, Sha256Digest ManifestSha256)
{
    /// <summary>Reads <c>number ID digest</c>.</summary>
    /// <exception cref="FormatException">The text has another form.</exception>
    public static RosterEntry Parse(string text) =>
        text.Split(' ') is [string number, string id, string digest]
            && int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out int read)
            && SnapshotId.TryParse(id, out SnapshotId snapshot)
            && Sha256Digest.TryParse(digest, out Sha256Digest sha256)
            ? new RosterEntry(read, snapshot, sha256)
            : throw new FormatException("an entry of its roster is not 'number ID digest'");

    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Number} {Id} {ManifestSha256}");
}
