using System.Globalization;
using EtcdBackupAgent.Core.Failures;

namespace EtcdBackupAgent.Core.RestorePoints;

/// <summary>
/// A snapshot in the words of a user, and perhaps a revision in it: <c>SNAPSHOT</c> or <c>SNAPSHOT@REVISION</c>.
/// </summary>
/// <param name="Id">A snapshot ID, the start of one, a name, or <c>latest</c>.</param>
/// <param name="Revision">The revision; null if none is given.</param>
public sealed record SnapshotAt(string Id, long? Revision)
{
    private const char Separator = '@';

    /// <summary>Reads a word. Neither an ID nor a name contains the separator.</summary>
    /// <exception cref="BackupException"><see cref="FailureReason.InvalidInput"/>: there is no revision.</exception>
    public static SnapshotAt Parse(string word)
    {
        int at = word.LastIndexOf(Separator);
        if (at < 0)
        {
            return new SnapshotAt(word, Revision: null);
        }

        return at > 0
            && long.TryParse(
                word.AsSpan(at + 1), NumberStyles.None, CultureInfo.InvariantCulture, out long revision)
            && revision > 0
                ? new SnapshotAt(word[..at], revision)
                : throw new BackupException(
                    FailureReason.InvalidInput, $"'{word}' does not name a snapshot and a revision.")
                {
                    Hint = "Write a snapshot, '@' and a revision of etcd, such as 1a2b3c4d@57. The first revision "
                        + "is 1.",
                };
    }

    /// <summary>Returns the word for a revision in a snapshot.</summary>
    public static string Text(string id, long revision) =>
        string.Create(CultureInfo.InvariantCulture, $"{id}{Separator}{revision}");
}
