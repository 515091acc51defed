namespace EtcdBackupAgent.Core.Stores;

/// <summary>Who can remove a locked object before its date, with the weaker mode first.</summary>
public enum ObjectLockMode
{
    /// <summary>A user with the permission s3:BypassGovernanceRetention.</summary>
    Governance,

    /// <summary>No user.</summary>
    Compliance,
}

/// <summary>The lock of one version of an object: until this date it can be neither removed nor overwritten.</summary>
/// <param name="Mode">Who is exempt.</param>
/// <param name="Until">The date; a lock of the past has no effect.</param>
public sealed record ObjectLock(ObjectLockMode Mode, DateTimeOffset Until)
{
    /// <summary>Returns whether this lock protects at least as well and as long as another.</summary>
    public bool Covers(ObjectLock wanted) => Mode >= wanted.Mode && Until >= wanted.Until;

    /// <summary>Returns the lock that covers both.</summary>
    public ObjectLock With(ObjectLock? other) => other is null ? this : new ObjectLock(
        Mode > other.Mode ? Mode : other.Mode, Until > other.Until ? Until : other.Until);

    /// <summary>Returns the lock for messages, such as <c>2027-05-03 04:00:00Z (Compliance)</c>.</summary>
    public override string ToString() =>
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Until.UtcDateTime:u} ({Mode})");
}

/// <summary>What a bucket does by itself with the objects that are stored in it.</summary>
public sealed record BucketLocks
{
    /// <summary>
    /// Whether objects of the bucket can be locked. It then keeps all versions, and that cannot be switched off.
    /// </summary>
    public required bool IsEnabled { get; init; }

    /// <summary>The mode of the lock that the bucket gives to every object; null if it gives none.</summary>
    public ObjectLockMode? DefaultMode { get; init; }

    /// <summary>How long that lock lasts from the moment at which an object is stored.</summary>
    public TimeSpan DefaultDuration { get; init; }

    /// <summary>
    /// Why it is not known: the user may not ask, or the server does not know the question. Null if it is known.
    /// </summary>
    public Failures.BackupException? Problem { get; init; }
}

/// <summary>One version of an object, or a delete marker, which hides the older versions.</summary>
public sealed record ObjectVersion
{
    /// <summary>The name within the repository.</summary>
    public required ObjectKey Key { get; init; }

    /// <summary>What the store needs to find the version.</summary>
    public required string VersionId { get; init; }

    /// <summary>Whether it is a delete marker.</summary>
    public required bool IsDeleteMarker { get; init; }

    /// <summary>The size in bytes; 0 for a delete marker.</summary>
    public required long SizeBytes { get; init; }

    /// <summary>When the version was written, by the store's clock.</summary>
    public required DateTimeOffset ModifiedAt { get; init; }
}

/// <summary>A stream of a stored object that knows the lock of what it reads.</summary>
public interface ILockedContent
{
    /// <summary>The lock; null if there is none, or if the user may not see it.</summary>
    ObjectLock? Lock { get; }
}
