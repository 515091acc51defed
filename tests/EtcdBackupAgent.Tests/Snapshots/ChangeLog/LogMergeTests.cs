using EtcdBackupAgent.Snapshots.Bolt;
using EtcdBackupAgent.Snapshots.ChangeLog;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Tests.Snapshots.Bolt;
using Microsoft.Win32.SafeHandles;
using Xunit;

namespace EtcdBackupAgent.Tests.Snapshots.ChangeLog;

public sealed class LogMergeTests : IDisposable
{
    private readonly TestDirectory _directory = new();
    private int _appended;

    [Fact]
    public async Task Base_and_log_give_every_revision_of_any_history()
    {
        (int cut, int continued, int overlapping, int gone) = (0, 0, 0, 0);
        for (int seed = 0; seed < 250; seed++)
        {
            using LoggedHistory history = new(seed);
            long target = history.RandomTarget();

            (LogMergeSummary summary, IReadOnlyList<WrittenBucket> restored) =
                await MergeAsync(history, history.Request(target));

            string what = $"seed {seed}, revision {target}";
            AssertElements(history.RecordsAt(target), restored.Single(b => b.Name == "key").Elements, what);
            Assert.Equal(
                history.LeasesAt(target).Select(id => Convert.ToHexString(LoggedHistory.LeaseKey(id))),
                restored.Single(b => b.Name == "lease").Elements.Select(e => Convert.ToHexString(e.Key)));
            WrittenBucket[] others = [.. history.Base.Read().Where(b => b.Name is not ("key" or "lease"))];
            Assert.Equal(
                others.Select(b => (b.Name, b.Sequence)),
                restored.Where(b => b.Name is not ("key" or "lease")).Select(b => (b.Name, b.Sequence)));
            foreach (WrittenBucket other in others)
            {
                AssertElements(other.Elements, restored.Single(b => b.Name == other.Name).Elements, what);
            }

            Assert.Equal(history.BaseLast, summary.BaseLastRevision);
            cut += target < history.BaseLast ? 1 : 0;
            continued += summary.LogRecords > 0 ? 1 : 0;
            gone += summary.GoneLeases > 0 ? 1 : 0;
            overlapping += history.Segments.Zip(history.Segments.Skip(1)).Any(s => s.Second.First <= s.First.Last)
                ? 1
                : 0;
        }

        // The histories are of every kind.
        Assert.True(
            cut > 30 && continued > 60 && overlapping > 60 && gone > 0 && _appended > 100,
            $"{cut} {continued} {overlapping} {gone} {_appended}");
    }

    [Fact]
    public async Task A_lease_that_the_log_names_has_its_granted_time_to_live()
    {
        using LoggedHistory history = FindHistory(
            h => h.Segments[^1].Last > h.BaseLast && h.LeasesAt(h.Store.Revision).Count > h.BaseLeases.Count);

        (_, IReadOnlyList<WrittenBucket> restored) =
            await MergeAsync(history, history.Request(history.Store.Revision));

        long added = history.LeasesAt(history.Store.Revision).Except(history.BaseLeases).First();
        (_, byte[] value) = restored.Single(b => b.Name == "lease").Elements
            .Single(e => e.Key.SequenceEqual(LoggedHistory.LeaseKey(added)));
        Assert.Equal($"08{added:x2}10ac02", Convert.ToHexStringLower(value));
    }

    [Fact]
    public async Task A_log_of_another_history_with_the_same_revisions_is_refused()
    {
        int refused = 0;
        for (int seed = 0; seed < 40; seed++)
        {
            using LoggedHistory history = new(seed, compacts: false);
            using LoggedHistory other = new(seed, content: 1, compacts: false);
            LogMergeRequest request = history.Request(history.Store.Revision) with
            {
                Path = other.Path,
                IsBaseOfLineage = false,
            };

            await Assert.ThrowsAsync<LogMismatchException>(() => MergeAsync(history, request));
            refused++;
        }

        Assert.Equal(40, refused);
    }

    [Fact]
    public async Task A_revision_that_the_base_has_compacted_is_refused()
    {
        using LoggedHistory history = FindHistory(h => h.BaseCompact > 2);

        RevisionUnavailableException e = await Assert.ThrowsAsync<RevisionUnavailableException>(
            () => MergeAsync(history, history.Request(history.BaseCompact - 1)));

        Assert.Contains($"compacted up to revision {history.BaseCompact}", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_revision_after_the_end_of_the_log_is_refused()
    {
        using LoggedHistory history = new(seed: 3);
        long end = Math.Max(history.BaseLast, history.Store.Revision);

        await Assert.ThrowsAsync<RevisionUnavailableException>(
            () => MergeAsync(history, history.Request(end + 1)));
    }

    [Fact]
    public async Task A_log_that_begins_after_the_end_of_the_base_is_refused()
    {
        using LoggedHistory history = FindHistory(h => h.Segments[^1].First > h.BaseLast + 1);
        LogMergeRequest request =
            history.Request(history.Store.Revision) with { Path = [history.Path[^1]] };

        RevisionUnavailableException e =
            await Assert.ThrowsAsync<RevisionUnavailableException>(() => MergeAsync(history, request));

        Assert.Contains("the log begins at", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_base_that_ends_just_before_the_log_must_name_the_lineage()
    {
        using LoggedHistory history = FindHistory(h => h.Segments.Any(s => s.First == h.BaseLast + 1));
        int next = history.Segments.Select(s => s.First).ToList().IndexOf(history.BaseLast + 1);
        LogMergeRequest request =
            history.Request(history.Store.Revision) with { Path = [.. history.Path.Skip(next)] };

        (LogMergeSummary summary, _) = await MergeAsync(history, request);
        Assert.Equal(0, summary.EqualRecords);

        LogMismatchException e = await Assert.ThrowsAsync<LogMismatchException>(
            () => MergeAsync(history, request with { IsBaseOfLineage = false }));
        Assert.Contains("share no record", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_base_without_a_record_begins_every_log_from_the_first_change()
    {
        for (int seed = 0; seed < 20; seed++)
        {
            using LoggedHistory history = new(seed, compacts: false, isEmpty: true);
            LogMergeRequest request =
                history.Request(history.Store.Revision) with { IsBaseOfLineage = false };

            (LogMergeSummary summary, IReadOnlyList<WrittenBucket> restored) = await MergeAsync(history, request);

            Assert.Equal(0, summary.EqualRecords);
            Assert.Equal(
                history.RecordsAt(history.Store.Revision).Select(r => Convert.ToHexString(r.Value)),
                restored.Single(b => b.Name == "key").Elements.Select(e => Convert.ToHexString(e.Value)));
        }
    }

    [Fact]
    public async Task A_record_that_only_the_base_has_is_refused()
    {
        using LoggedHistory history = FindHistory(
            h => h.BaseRecords.Count(r => r.Revision.Main >= h.First) > 1 && h.Segments.Count > 2);
        LogMergeRequest request = history.Request(history.BaseLast);

        // A path whose first segment pretends to begin earlier than it does.
        LogMismatchException e = await Assert.ThrowsAsync<LogMismatchException>(() => MergeAsync(
            history,
            request with { Path = [Pretend(history, history.First - 1)] }));

        Assert.Contains("which the base has", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Segments_that_overlap_with_other_content_are_refused()
    {
        int seed = Enumerable.Range(0, 1000).First(s =>
        {
            using LoggedHistory h = new(s, compacts: false);
            return h.Segments.Count > 1 && h.Segments[1].First <= h.Segments[0].Last
                && h.Segments[0].First > h.BaseLast - 5 && h.Store.All.Any(
                    r => r.Revision.Main >= h.Segments[1].First && r.Revision.Main <= h.Segments[0].Last
                        && !r.IsTombstone);
        });
        using LoggedHistory history = new(seed, compacts: false);
        using LoggedHistory other = new(seed, content: 1, compacts: false);

        LogMismatchException e = await Assert.ThrowsAsync<LogMismatchException>(() => MergeAsync(
            history,
            history.Request(history.Store.Revision) with
            {
                Path = [history.Path[0], .. other.Path.Skip(1)],
            }));

        Assert.Contains("another content for revision", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_segment_that_does_not_continue_the_one_before_it_is_refused()
    {
        int seed = Enumerable.Range(0, 1000).First(s =>
        {
            using LoggedHistory h = new(s, compacts: false);
            return h.Segments.Count > 1 && h.Segments[1].First == h.Segments[0].Last + 1
                && h.Segments[0].Last >= h.Segments[0].First
                && !h.Store.All.Last(r => r.Revision.Main == h.Segments[0].Last).IsTombstone;
        });
        using LoggedHistory history = new(seed, compacts: false);
        using LoggedHistory other = new(seed, content: 1, compacts: false);

        LogMismatchException e = await Assert.ThrowsAsync<LogMismatchException>(() => MergeAsync(
            history,
            history.Request(history.Store.Revision) with
            {
                Path = [history.Path[0], .. other.Path.Skip(1)],
            }));

        Assert.Contains("does not continue", e.Message, StringComparison.Ordinal);
    }

    public void Dispose() => _directory.Dispose();

    private static LogSegment Pretend(LoggedHistory history, long first)
    {
        using MemoryStream bytes = new();
        SegmentWriter writer = new(
            new SegmentHeader
            {
                Lineage = LoggedHistory.Lineage,
                ClusterId = LoggedHistory.ClusterId,
                First = first,
                Previous = ResumeDigest.None,
                Start = DateTimeOffset.UnixEpoch,
            },
            bytes);
        writer.Finish();
        return LoggedHistory.Open((first, first - 1, bytes.ToArray()));
    }

    private static LoggedHistory FindHistory(Func<LoggedHistory, bool> isWanted)
    {
        for (int seed = 0; seed < 1000; seed++)
        {
            LoggedHistory history = new(seed);
            if (isWanted(history))
            {
                return history;
            }

            history.Dispose();
        }

        throw new InvalidOperationException("No seed gives such a history.");
    }

    /// <summary>
    /// Writes the merged database; and, if it has the whole base, also appends to the base, which must give the same.
    /// </summary>
    private async Task<(LogMergeSummary Summary, IReadOnlyList<WrittenBucket> Restored)> MergeAsync(
        LoggedHistory history, LogMergeRequest request)
    {
        string path = _directory["restored"];
        File.Delete(path);
        LogMergeSummary? summary = null;
        bool hasWholeBase = false;
        Exception? failure = await Record.ExceptionAsync(async () =>
        {
            using SafeFileHandle target = File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite);
            LogMerge merge = history.Merge(request);
            hasWholeBase = merge.HasWholeBase;
            summary = await merge.WriteAsync(target, CancellationToken.None);
            Assert.Equal(RandomAccess.GetLength(target), summary.DatabaseBytes);
        });
        if (hasWholeBase)
        {
            await AssertAppendedAsync(history, request, failure, summary);
        }

        if (failure is not null)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(failure);
        }

        return (summary!, WrittenDatabase.ReadFile(path));
    }

    private async Task AssertAppendedAsync(
        LoggedHistory history, LogMergeRequest request, Exception? failure, LogMergeSummary? summary)
    {
        _appended++;
        string path = _directory["appended"];
        await File.WriteAllBytesAsync(path, history.Base.ReadBytes());
        using SafeFileHandle file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite);
        LogMergeSummary? appended = null;
        Exception? refusal = await Record.ExceptionAsync(async () => appended = await LogMerge
            .Open(new FilePages(file), history.Base.SizeBytes, request)
            .AppendAsync(file, CancellationToken.None));

        Assert.Equal((failure?.GetType(), failure?.Message), (refusal?.GetType(), refusal?.Message));
        if (appended is null)
        {
            return;
        }

        Assert.Equal(summary! with { DatabaseBytes = appended.DatabaseBytes }, appended);
        Assert.Equal(RandomAccess.GetLength(file), appended.DatabaseBytes);
        BoltDatabase database = BoltDatabase.Open(file, appended.DatabaseBytes);
        Assert.Empty(BoltCheck.Run(database, 5, CancellationToken.None).Problems);
        IReadOnlyList<WrittenBucket> written = WrittenDatabase.ReadFile(_directory["restored"]);
        IReadOnlyList<WrittenBucket> found = WrittenDatabase.Read(database);
        Assert.Equal(written.Select(b => (b.Name, b.Sequence)), found.Select(b => (b.Name, b.Sequence)));
        foreach ((WrittenBucket expected, WrittenBucket bucket) in written.Zip(found))
        {
            AssertElements(expected.Elements, bucket.Elements, $"appended, {bucket.Name}");
        }
    }

    private static void AssertElements(
        IReadOnlyList<(byte[] Key, byte[] Value)> expected,
        IReadOnlyList<(byte[] Key, byte[] Value)> found,
        string what) =>
        Assert.True(
            expected.Select(Text).SequenceEqual(found.Select(Text)),
            $"{what}: {expected.Count} expected, {found.Count} found");

    private static string Text((byte[] Key, byte[] Value) element) =>
        $"{Convert.ToHexString(element.Key)}={Convert.ToHexString(element.Value)}";
}
