namespace EtcdBackupAgent.Core.KeySpaces;

/// <summary>Puts what several sources know together, without mixing histories that do not belong together.</summary>
/// <remarks>
/// 1. Sources of one cluster that agree are of one history. A cluster can be restored under its old ID; then the same
///    revisions have other records.
/// 2. Each record is shown once, with the narrowest time that follows from all sources of its history.
/// 3. A deletion that etcd has compacted is inferred: the key is gone in a later source, or was created again.
/// </remarks>
internal static class HistoryLines
{
    /// <summary>Returns the histories, oldest first.</summary>
    public static IReadOnlyList<KeyLine> Of(IEnumerable<HistorySource> sources)
    {
        // 1
        List<List<HistorySource>> histories = [];
        foreach (HistorySource source in sources.OrderBy(source => source.StartedAt))
        {
            // The newest one that fits: an old history is not continued.
            if (histories.FindLast(history => history.TrueForAll(source.Agrees)) is { } history)
            {
                history.Add(source);
            }
            else
            {
                histories.Add([source]);
            }
        }

        return [.. histories.Select(LineOf)];
    }

    private static KeyLine LineOf(List<HistorySource> sources)
    {
        IEnumerable<KeyVersion> versions = sources
            .SelectMany(source => source.Keys)
            .Distinct(StringComparer.Ordinal)
            .SelectMany(key => WithInferred(key, Known(key, sources), sources));
        return new KeyLine(
            sources[0].ClusterId,
            [.. versions.OrderBy(version => version.Revision).ThenBy(version => version.Sub)],
            [.. sources.Select(source => source.Name)]);
    }

    /// <summary>The records of a key, each once.</summary>
    private static KeyVersion[] Known(string key, List<HistorySource> sources) =>
    [
        .. sources
            .SelectMany(source => source.Of(key).Select(record => (Source: source, Record: record)))
            .GroupBy(one => one.Record.Place)
            .OrderBy(same => same.Key)
            .Select(same =>
            {
                SourceRecord record = same.First().Record;
                (DateTimeOffset? notBefore, DateTimeOffset? notAfter) = TimeOf(
                    record.Record.Revision, same.Select(one => one.Record), sources);
                return new KeyVersion
                {
                    Key = record.Record.Key,
                    Revision = record.Record.Revision,
                    Sub = record.Record.Sub,
                    IsDeletion = record.Record.IsDeletion,
                    CreateRevision = record.Record.CreateRevision,
                    Version = record.Record.Version,
                    NotBefore = notBefore,
                    NotAfter = notAfter,
                    Sources = [.. same.Select(one => one.Source.Name).Distinct(StringComparer.Ordinal)],
                    IsInLog = same.Any(one => one.Source.IsLog),
                    Value = record.Value,
                };
            }),
    ];

    /// <summary>
    /// What a change log knows about the time counts; snapshots know only that a revision was or was not reached yet.
    /// </summary>
    private static (DateTimeOffset? NotBefore, DateTimeOffset? NotAfter) TimeOf(
        long revision, IEnumerable<SourceRecord> records, List<HistorySource> sources)
    {
        SourceRecord? logged = records.FirstOrDefault(record => record.NotAfter is not null);
        return logged is { NotBefore: not null }
            ? (logged.NotBefore, logged.NotAfter)
            : (StartOfLastBefore(revision, sources), logged?.NotAfter ?? EndOfFirstWith(revision, sources));
    }

    /// <summary>Adds the deletions that no source has.</summary>
    private static IEnumerable<KeyVersion> WithInferred(
        string key, KeyVersion[] known, List<HistorySource> sources)
    {
        for (int i = 0; i < known.Length; i++)
        {
            KeyVersion version = known[i];
            KeyVersion? next = i + 1 < known.Length ? known[i + 1] : null;
            yield return version;
            if (version.IsDeletion || next is { IsDeletion: true }
                || (next is not null && next.CreateRevision <= version.Revision))
            {
                continue;
            }

            // The first source that would still have it.
            HistorySource? without = sources
                .Where(source => source.Last >= version.Revision
                    && (next is null || source.Last < next.Revision)
                    && source.LacksAtEnd(key))
                .MinBy(source => source.Last);
            if (next is null && without is null)
            {
                continue;
            }

            long last = without is null ? next!.CreateRevision - 1 : Math.Min(without.Last, without.Compacted);
            HistorySource? with = sources
                .Where(source => source.CompletedAt is not null
                    && source.Of(key) is [.., var newest] && newest.Record.Revision == version.Revision)
                .MaxBy(source => source.StartedAt);
            yield return new KeyVersion
            {
                Key = version.Key,
                Revision = Math.Max(last, version.Revision + 1),
                Sub = 0,
                IsDeletion = true,
                EarliestRevision = version.Revision + 1,
                NotBefore = Latest(with?.StartedAt, version.NotBefore),
                NotAfter = without?.CompletedAt ?? next?.NotAfter,
            };
        }
    }

    /// <summary>When the last snapshot was begun that did not have a revision yet.</summary>
    private static DateTimeOffset? StartOfLastBefore(long revision, List<HistorySource> sources) =>
        sources.Where(source => source.RevisionAtStart < revision).Max(source => (DateTimeOffset?)source.StartedAt);

    /// <summary>When the first snapshot was complete that had a revision.</summary>
    private static DateTimeOffset? EndOfFirstWith(long revision, List<HistorySource> sources) =>
        sources.Where(source => source.Last >= revision).Min(source => source.CompletedAt);

    private static DateTimeOffset? Latest(DateTimeOffset? one, DateTimeOffset? other) =>
        one is null || other > one ? other : one;
}
