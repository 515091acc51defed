using EtcdBackupAgent.Core.Stores;

namespace EtcdBackupAgent.Core.Documents;

/// <summary>
/// The folder of one snapshot: <c>snapshots/20260131T235959Z-34abbf1b/</c>. Its name starts with the time, so that a
/// plain listing is in chronological order, and ends with the ID.
/// </summary>
public readonly record struct SnapshotFolder
{
    /// <summary>The prefix of the keys of all snapshots.</summary>
    public const string Root = "snapshots/";

    private const string ManifestName = "manifest.json";
    private const string RosterName = "roster.json";
    private const string VerificationNameStart = "verification-";
    private const string VerificationNameEnd = ".json";

    /// <summary>Names the folder of a snapshot. The fraction of a second is cut off.</summary>
    public SnapshotFolder(DateTimeOffset startedAt, SnapshotId id)
    {
        DateTimeOffset utc = startedAt.ToUniversalTime();
        StartedAt = utc.AddTicks(-(utc.Ticks % TimeSpan.TicksPerSecond));
        Id = id;
    }

    /// <summary>When the backup started, in UTC and whole seconds.</summary>
    public DateTimeOffset StartedAt { get; }

    /// <summary>The ID at the end of the name.</summary>
    public SnapshotId Id { get; }

    /// <summary>The key of the manifest. The snapshot exists if and only if this object exists.</summary>
    public ObjectKey ManifestKey => Key(ManifestName);

    /// <summary>The key of the roster; only in a repository with signers.</summary>
    public ObjectKey RosterKey => Key(RosterName);

    private string Name => $"{NameTime.Text(StartedAt)}-{Id}";

    /// <summary>Returns the key of a file in this folder.</summary>
    public ObjectKey Key(string fileName) => new($"{this}{fileName}");

    /// <summary>
    /// Returns the key of the record of a deep verification that completed at this time. The names sort in the order of
    /// their times.
    /// </summary>
    public ObjectKey VerificationKey(DateTimeOffset completedAt) =>
        Key($"{VerificationNameStart}{NameTime.Text(completedAt)}{VerificationNameEnd}");

    /// <summary>Returns whether a key belongs to a record of a deep verification in this folder.</summary>
    public bool IsVerification(ObjectKey key) => VerificationTime(key) is not null;

    /// <summary>Returns whether a key belongs to such a record, or to its signature.</summary>
    public bool IsOfVerification(ObjectKey key) => IsVerification(key)
        || (key.Value.EndsWith(ObjectRoots.SignatureEnd, StringComparison.Ordinal)
            && IsVerification(new ObjectKey(key.Value[..^ObjectRoots.SignatureEnd.Length])));

    /// <summary>
    /// Returns the time in the name of a record of a deep verification in this folder; null for other keys.
    /// </summary>
    public DateTimeOffset? VerificationTime(ObjectKey key)
    {
        string start = $"{this}{VerificationNameStart}";
        return key.Value.StartsWith(start, StringComparison.Ordinal)
            && key.Value.EndsWith(VerificationNameEnd, StringComparison.Ordinal)
            && key.Value.Length > start.Length + VerificationNameEnd.Length
            && NameTime.TryRead(key.Value[start.Length..^VerificationNameEnd.Length], out DateTimeOffset time)
                ? time
                : null;
    }

    /// <summary>
    /// Finds the folder that contains a key; false for keys outside the snapshots and for names of another form.
    /// </summary>
    public static bool TryFind(ObjectKey key, out SnapshotFolder folder)
    {
        folder = default;
        if (!key.Value.StartsWith(Root, StringComparison.Ordinal)
            || key.Value[Root.Length..].Split('/') is not [string name, _, ..]
            || name.Split('-') is not [string time, string idText]
            || !SnapshotId.TryParse(idText, out SnapshotId id)
            || !NameTime.TryRead(time, out DateTimeOffset at))
        {
            return false;
        }

        folder = new SnapshotFolder(at, id);
        return true;
    }

    /// <summary>Returns the prefix of the folder's keys, with the slash at its end.</summary>
    public override string ToString() => $"{Root}{Name}/";
}
