namespace EtcdBackupAgent.Snapshots.Revisions;

/// <summary>
/// Checks whether every revision of a file, in order, is one that etcd writes. Real files of any age must pass, so only
/// content that no version of etcd writes is a problem.
/// </summary>
internal sealed class RevisionCheck(ProblemList problems)
{
    private Revision _previous = new(0, -1);

    /// <summary>Checks the next record that can be decoded.</summary>
    /// <param name="entry">The record.</param>
    /// <param name="page">The page that contains it.</param>
    public void Add(in RevisionEntry entry, ulong page)
    {
        if (FindProblem(entry) is { } problem)
        {
            problems.Add($"page {page}: revision {entry.Key.Revision} {problem}");
        }

        _previous = entry.Key.Revision;
    }

    private string? FindProblem(in RevisionEntry entry)
    {
        // In an ordered bucket a revision can occur twice in only one way: with and without the tombstone mark.
        if (entry.Key.Revision == _previous)
        {
            return "occurs twice";
        }

        if (entry.Key.Main == 0)
        {
            return "is not possible: the first is 1";
        }

        return entry.IsBump ? null : entry.Key.IsTombstone ? FindTombstoneProblem(entry.Record) : FindPutProblem(entry);
    }

    private static string? FindTombstoneProblem(in KeyValueRecord record) =>
        record.Key.IsEmpty ? "is a deletion without a key"
            : record is { CreateRevision: 0, ModRevision: 0, Version: 0, Lease: 0, Value.IsEmpty: true } ? null
            : "is a deletion with more than a key";

    private static string? FindPutProblem(in RevisionEntry entry)
    {
        KeyValueRecord record = entry.Record;
        long main = entry.Key.Main;
        if (record.Key.IsEmpty)
        {
            return "has no key";
        }

        if (record.ModRevision != main)
        {
            return $"has the modification revision {record.ModRevision}";
        }

        if (record.CreateRevision < 1 || record.CreateRevision > main)
        {
            return $"has the creation revision {record.CreateRevision}";
        }

        return record.Version < 1 || (record.Version == 1 && record.CreateRevision != main)
            ? $"is version {record.Version} of a key that was created at revision {record.CreateRevision}"
            : null;
    }
}
