using System.Globalization;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.RestorePoints;

namespace EtcdBackupAgent.Commands.Objects;

/// <summary>
/// One side of a comparison as a word: a snapshot ID or the beginning of one, <c>latest</c>, one of these with
/// <c>@N</c>, a time, <c>revision:N</c>, or <c>file:PATH</c>.
/// </summary>
/// <param name="File">The file; null for a side in the repository.</param>
/// <param name="Selection">The side in the repository; null for a file.</param>
internal sealed record ComparedWord(string? File, RestoreSelection? Selection)
{
    private const string FilePrefix = "file:";
    private const string RevisionPrefix = "revision:";

    /// <summary>Reads a word.</summary>
    /// <param name="word">The word.</param>
    /// <param name="policy">The policy of the change log; null if none is named.</param>
    /// <exception cref="BackupException"><see cref="FailureReason.InvalidInput"/>.</exception>
    public static ComparedWord Parse(string word, ResourceName? policy)
    {
        if (word.StartsWith(FilePrefix, StringComparison.Ordinal))
        {
            return word.Length > FilePrefix.Length
                ? new ComparedWord(word[FilePrefix.Length..], Selection: null)
                : throw Invalid(word, "has no path");
        }

        if (word.StartsWith(RevisionPrefix, StringComparison.Ordinal))
        {
            return long.TryParse(
                word[RevisionPrefix.Length..], NumberStyles.None, CultureInfo.InvariantCulture, out long revision)
                && revision > 0
                    ? Of(new RestoreSelection { Revision = revision, Policy = policy })
                    : throw Invalid(word, "is not a revision of etcd, the first of which is 1");
        }

        return word is [>= '0' and <= '9', >= '0' and <= '9', >= '0' and <= '9', >= '0' and <= '9', '-', ..]
            ? Of(new RestoreSelection { Time = PointOptions.ParseTime("The moment", word), Policy = policy })
            : OfSnapshot(SnapshotAt.Parse(word));
    }

    private static ComparedWord OfSnapshot(SnapshotAt named) =>
        Of(new RestoreSelection { SnapshotId = named.Id, Revision = named.Revision });

    private static ComparedWord Of(RestoreSelection selection) => new(File: null, selection);

    private static BackupException Invalid(string word, string why) =>
        new(FailureReason.InvalidInput, $"'{word}' {why}.")
        {
            Hint = "Name each side by a snapshot ID, 'latest', one of these with @REVISION, a time such as "
                + "2026-11-29T10:15:00Z, revision:N or file:PATH.",
        };
}
