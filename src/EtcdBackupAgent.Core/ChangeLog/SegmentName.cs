using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Stores;
using EtcdBackupAgent.Snapshots.ChangeLog;

namespace EtcdBackupAgent.Core.ChangeLog;

/// <summary>
/// The name of a segment, which tells all that a listing must know
/// (<c>docs/spec/change-log.md</c>, "Objects").
/// </summary>
public sealed record SegmentName
{
    /// <summary>The prefix of the keys of all lineages.</summary>
    public const string Root = ObjectRoots.ChangeLog;

    private const int RevisionDigits = 19;
    private const string PlainEnd = ".zst";
    private const string EncryptedEnd = ".zst.age";

    /// <summary>The lineage.</summary>
    public required LineageId Lineage { get; init; }

    /// <summary>The first revision, above 0.</summary>
    public required long First { get; init; }

    /// <summary>The last revision; <see cref="First"/> − 1 without records.</summary>
    public required long Last { get; init; }

    /// <summary>The time of the last mark, in UTC and whole seconds: the log is complete up to it.</summary>
    public required DateTimeOffset End { get; init; }

    /// <summary>The digest of the last record at or before the end of the segment.</summary>
    public required ResumeDigest Resume { get; init; }

    /// <summary>Whether the segment is encrypted.</summary>
    public required ArtifactEncryption Encryption { get; init; }

    /// <summary>The key of the object.</summary>
    public ObjectKey Key => new(
        $"{Root}{Lineage}/{Text(First)}-{Text(Last)}-{NameTime.Text(End)}-{Resume}"
        + (Encryption == ArtifactEncryption.Age ? EncryptedEnd : PlainEnd));

    /// <summary>Whether the segment has no records.</summary>
    public bool IsEmpty => Last < First;

    /// <summary>Whether a key is that of a segment. Names of another form are not.</summary>
    public static bool TryParse(ObjectKey key, [NotNullWhen(true)] out SegmentName? name)
    {
        name = null;
        if (!key.Value.StartsWith(Root, StringComparison.Ordinal)
            || key.Value[Root.Length..].Split('/') is not [string lineageText, string file]
            || !LineageId.TryParse(lineageText, out LineageId lineage))
        {
            return false;
        }

        bool isEncrypted = file.EndsWith(EncryptedEnd, StringComparison.Ordinal);
        string end = isEncrypted ? EncryptedEnd : PlainEnd;
        if (!file.EndsWith(end, StringComparison.Ordinal)
            || file[..^end.Length].Split('-') is not [string first, string last, string time, string resume]
            || !TryReadRevision(first, out long firstRevision) || !TryReadRevision(last, out long lastRevision)
            || firstRevision == 0 || lastRevision < firstRevision - 1
            || !NameTime.TryRead(time, out DateTimeOffset at)
            || !ResumeDigest.TryParse(resume, out ResumeDigest digest))
        {
            return false;
        }

        name = new SegmentName
        {
            Lineage = lineage,
            First = firstRevision,
            Last = lastRevision,
            End = at,
            Resume = digest,
            Encryption = isEncrypted ? ArtifactEncryption.Age : ArtifactEncryption.None,
        };
        return true;
    }

    /// <summary>Returns the name of the file, without its lineage.</summary>
    public override string ToString() => Key.Value[(Key.Value.LastIndexOf('/') + 1)..];

    private static string Text(long revision) => revision.ToString("d19", CultureInfo.InvariantCulture);

    private static bool TryReadRevision(string text, out long revision)
    {
        revision = 0;
        return text.Length == RevisionDigits
            && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out revision);
    }
}
