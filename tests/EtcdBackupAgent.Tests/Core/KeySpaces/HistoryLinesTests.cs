using System.Text;
using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Core.KeySpaces;
using EtcdBackupAgent.Snapshots.KeySpaces;
using EtcdBackupAgent.Tests.Snapshots.Revisions;
using Xunit;

namespace EtcdBackupAgent.Tests.Core.KeySpaces;

public sealed class HistoryLinesTests
{
    private const int Keys = 4;
    private static readonly DateTimeOffset Start = new(2026, 11, 29, 10, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Sources_of_one_history_give_its_changes_once_and_infer_the_deletions_that_are_compacted()
    {
        (int known, int inferred) = (0, 0);
        for (int seed = 0; seed < 400; seed++)
        {
            Random random = new(seed);
            StoreModel store = new(keepsTombstone: random.Next(2) == 0);
            List<HistorySource> sources = [];
            for (int time = 0; time < 6; time++)
            {
                Change(store, random, changes: 6);
                sources.Add(SourceOf(store, time));
            }

            KeyLine line = Assert.Single(HistoryLines.Of(sources.OrderBy(_ => random.Next())));

            KeyVersion[] found = [.. line.Versions.Where(version => version.EarliestRevision is null)];
            Assert.Equal(found.Length, found.Select(version => (version.Revision, version.Sub)).Distinct().Count());
            Assert.Equal(
                sources.SelectMany(source => source.Keys.SelectMany(source.Of))
                    .Select(record => record.Place).Distinct().Order(),
                found.Select(version => (version.Revision, version.Sub)));
            Assert.All(found, version => Assert.True(IsIn(store, version), $"seed {seed}: {version}"));
            KeyVersion[] deletions = [.. line.Versions.Where(version => version.EarliestRevision is not null)];
            Assert.All(deletions, version => Assert.Contains(store.All, record => record.IsTombstone
                && record.Key == Text(version)
                && record.Revision.Main >= version.EarliestRevision && record.Revision.Main <= version.Revision));
            Assert.All(line.Versions.GroupBy(Text), ofKey => Assert.Equal(
                store.All.Last(record => record.Key == ofKey.Key).IsTombstone, ofKey.Last().IsDeletion));
            (known, inferred) = (known + found.Length, inferred + deletions.Length);
        }

        Assert.True(known > 2000 && inferred > 100, $"{known} changes, {inferred} deletions");
    }

    [Fact]
    public void A_history_that_went_back_is_not_mixed_with_the_one_before()
    {
        int several = 0;
        for (int seed = 0; seed < 300; seed++)
        {
            bool keepsTombstone = seed % 2 == 0;
            StoreModel before = new(keepsTombstone);
            StoreModel after = new(keepsTombstone);
            Change(before, new Random(seed), changes: 8);
            Change(after, new Random(seed), changes: 8);
            HistorySource common = SourceOf(before, time: 0);
            Change(before, new Random(seed + 1000), changes: 6, compacts: false);
            Change(after, new Random(seed + 2000), changes: 8, compacts: false);
            HistorySource first = SourceOf(before, time: 1);
            HistorySource second = SourceOf(after, time: 2);

            IReadOnlyList<KeyLine> lines = HistoryLines.Of([second, first, common]);

            Assert.All(lines, line => Assert.True(
                IsOf(before, line) || IsOf(after, line), $"seed {seed}"));
            several += lines.Count > 1 ? 1 : 0;
        }

        Assert.True(several > 200, $"only {several} histories went back visibly");
    }

    [Fact]
    public void A_snapshot_and_a_change_log_share_their_records_and_the_log_knows_the_time()
    {
        HistorySource snapshot = Source("snapshot", isLog: false, compacted: 5, last: 12, time: 1);
        HistorySource log = Source("log", isLog: true, compacted: 9, last: 20, time: 0);
        snapshot.Add(Record(4, created: 4, version: 1));
        snapshot.Add(Record(12, created: 4, version: 2));
        log.Add(Record(12, created: 4, version: 2, Start.AddSeconds(10), Start.AddSeconds(11)));
        log.Add(Record(15, created: 4, version: 3, Start.AddSeconds(20), Start.AddSeconds(21)));
        log.Add(Record(18, created: 0, version: 0, Start.AddSeconds(30), Start.AddSeconds(31)));

        KeyLine line = Assert.Single(HistoryLines.Of([snapshot, log]));

        Assert.Equal([4L, 12, 15, 18], line.Versions.Select(version => version.Revision));
        Assert.Equal(["log", "snapshot"], line.Versions[1].Sources.Order(StringComparer.Ordinal));
        Assert.Equal(Start.AddSeconds(10), line.Versions[1].NotBefore);
        Assert.Equal(Start.AddSeconds(11), line.Versions[1].NotAfter);
        Assert.Equal((null, snapshot.CompletedAt), (line.Versions[0].NotBefore, line.Versions[0].NotAfter));
        Assert.True(line.Versions[3].IsDeletion);
    }

    [Fact]
    public void A_record_that_does_not_continue_the_one_before_it_is_of_another_history()
    {
        HistorySource one = Source("one", isLog: false, compacted: 5, last: 6, time: 0);
        HistorySource other = Source("other", isLog: false, compacted: 30, last: 40, time: 1);
        one.Add(Record(4, created: 4, version: 1));
        one.Add(Record(6, created: 4, version: 2));
        other.Add(Record(31, created: 4, version: 2));

        Assert.Equal(2, HistoryLines.Of([one, other]).Count);
    }

    [Fact]
    public void Sources_of_two_clusters_are_two_histories()
    {
        HistorySource one = Source("one", isLog: false, compacted: 5, last: 12, time: 0);
        HistorySource other = Source("other", isLog: false, compacted: 5, last: 12, time: 1, cluster: 2);
        one.Add(Record(4, created: 4, version: 1));
        other.Add(Record(4, created: 4, version: 1));

        Assert.Equal([1UL, 2UL], HistoryLines.Of([other, one]).Select(line => line.ClusterId.Value));
    }

    private static void Change(StoreModel store, Random random, int changes, bool compacts = true)
    {
        for (int i = 0; i < changes; i++)
        {
            store.Change(random, Keys);
            long revision = store.Revision - random.Next(2);
            if (random.Next(4) == 0 && compacts && revision > store.Finished)
            {
                store.ScheduleCompaction(revision);
                store.FinishCompaction();
            }
        }
    }

    private static HistorySource SourceOf(StoreModel store, int time)
    {
        HistorySource source = Source($"at {time}", isLog: false, store.Finished, store.Revision, time);
        foreach (StoredRecord record in store.Stored)
        {
            source.Add(new SourceRecord(
                new KeyRecord
                {
                    Key = Encoding.UTF8.GetBytes(record.Key),
                    Revision = record.Revision.Main,
                    Sub = record.Revision.Sub,
                    IsDeletion = record.IsTombstone,
                    Value = default,
                    CreateRevision = record.Created,
                    Version = record.Version,
                },
                new ValuePlace(record.Lease, record.Value.Length),
                NotBefore: null,
                NotAfter: null));
        }

        return source;
    }

    private static HistorySource Source(
        string name, bool isLog, long compacted, long last, int time, ulong cluster = 1) => new()
        {
            Name = name,
            ClusterId = new EtcdId(cluster),
            StartedAt = Start.AddHours(time),
            CompletedAt = isLog ? null : Start.AddHours(time).AddMinutes(1),
            RevisionAtStart = isLog ? null : last,
            IsLog = isLog,
            Compacted = compacted,
            Last = last,
        };

    /// <summary>A record of the key <c>k</c>; a deletion if it was never created.</summary>
    private static SourceRecord Record(
        long revision, long created, long version, DateTimeOffset? notBefore = null, DateTimeOffset? notAfter = null) =>
        new(
            new KeyRecord
            {
                Key = "k"u8.ToArray(),
                Revision = revision,
                Sub = 0,
                IsDeletion = created == 0,
                Value = default,
                CreateRevision = created,
                Version = version,
            },
            new ValuePlace(revision, 1),
            notBefore,
            notAfter);

    private static bool IsOf(StoreModel store, KeyLine line) =>
        line.Versions.Where(version => version.EarliestRevision is null).All(version => IsIn(store, version));

    private static bool IsIn(StoreModel store, KeyVersion version) => store.All.Any(record =>
        record.Key == Text(version)
        && (record.Revision.Main, record.Revision.Sub) == (version.Revision, version.Sub)
        && record.IsTombstone == version.IsDeletion
        && record.Version == version.Version);

    private static string Text(KeyVersion version) => Encoding.UTF8.GetString(version.Key.Span);
}
