namespace EtcdBackupAgent.Snapshots.Revisions;

/// <summary>
/// Looks at every revision of a file, in order: whether it is what etcd writes. Real files of any age must pass, so only what no version of etcd
/// writes is wrong.
/// </summary>
internal sealed class RevisionCheck(ProblemList problems)
{
    private Revision _previous = new(0, -1);

    /// <summary>Takes the next record that can be decoded.</summary>
    /// <param name="entry">The record.</param>
    /// <param name="page">The page it stands in.</param>
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
        // The bucket's order leaves just one way of being there twice: with the tombstone's mark and without.
        if (entry.Key.Revision == _previous)
        {
            return "is there twice";
        }

        if (entry.Key.Main == 0)
        {
            return "cannot be: the first is 1";
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
            return $"says that it was made at revision {record.ModRevision}";
        }

        if (record.CreateRevision < 1 || record.CreateRevision > main)
        {
            return $"says that its key was created at revision {record.CreateRevision}";
        }

        return record.Version < 1 || (record.Version == 1 && record.CreateRevision != main)
            ? $"is version {record.Version} of a key that was created at revision {record.CreateRevision}"
            : null;
    }
}
