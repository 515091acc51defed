using EtcdBackupAgent.Snapshots.Bolt;
using EtcdBackupAgent.Snapshots.Reports;
using EtcdBackupAgent.Snapshots.Revisions;
using EtcdBackupAgent.Snapshots.Verification;
using EtcdBackupAgent.Testing.Directories;
using Microsoft.Win32.SafeHandles;
using Xunit;

namespace EtcdBackupAgent.Tests.Snapshots.Revisions;

/// <summary>
/// Compares the computation in limited memory with a model that has all keys in memory, for both rules of etcd's
/// versions.
/// </summary>
public sealed class HashKvComputationTests : IDisposable
{
    private const int Seeds = 50;

    /// <summary>The most revisions of one store that are hashed.</summary>
    private const int HashesMax = 10;

    /// <summary>The limits of keys in memory: all, and so few that several passes are needed.</summary>
    private static readonly int[] Limits = [Supersession.KeysMax, 4, 1];

    private readonly TestDirectory _directory = new();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_compacted_file_has_the_hash_of_every_revision_since_the_compaction(bool keepsTombstone)
    {
        for (int seed = 0; seed < Seeds; seed++)
        {
            Random random = new(seed);
            StoreModel store = Changed(random, keepsTombstone);
            for (int compactions = random.Next(3); compactions > 0; compactions--)
            {
                store.ScheduleCompaction(random.NextInt64(Math.Max(1, store.Finished), store.Revision + 1));
                store.FinishCompaction();
                Change(store, random);
            }

            store.Write(_directory["db"]);
            Compare(seed, store, isComplete: true);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_file_during_a_compaction_has_the_same_hash_as_before_and_after(bool keepsTombstone)
    {
        for (int seed = 0; seed < Seeds; seed++)
        {
            Random random = new(seed);
            StoreModel store = Changed(random, keepsTombstone);
            store.ScheduleCompaction(random.NextInt64(1, store.Revision + 1));
            store.RemoveRecords(random.Next(store.Stored.Count + 1));
            store.Write(_directory["db"]);
            Compare(seed, store, isComplete: false);
            store.FinishCompaction();
            Compare(seed, store, isComplete: false);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_file_from_before_a_compaction_has_the_hash_that_is_requested_after_it(bool keepsTombstone)
    {
        for (int seed = 0; seed < Seeds; seed++)
        {
            Random random = new(seed);
            StoreModel store = Changed(random, keepsTombstone);
            store.Write(_directory["db"]);
            store.ScheduleCompaction(random.NextInt64(1, store.Revision + 1));
            store.FinishCompaction();
            Compare(seed, store, isComplete: true);
        }
    }

    public void Dispose() => _directory.Dispose();

    private static StoreModel Changed(Random random, bool keepsTombstone)
    {
        StoreModel store = new(keepsTombstone);
        Change(store, random);
        return store;
    }

    private static void Change(StoreModel store, Random random)
    {
        int keys = 1 + random.Next(12);
        for (int i = 1 + random.Next(30); i > 0; i--)
        {
            store.Change(random, keys);
        }

        if (random.Next(4) == 0)
        {
            store.DeleteAll();
        }
    }

    /// <summary>Compares the computed hashes with those of the model.</summary>
    /// <param name="seed">The seed, for the message.</param>
    /// <param name="store">The store of the member.</param>
    /// <param name="isComplete">
    /// Whether the file has all records of the member after its compaction. If not, a hash without any key may be
    /// unknown.
    /// </param>
    private void Compare(int seed, StoreModel store, bool isComplete)
    {
        using SafeFileHandle file = File.OpenHandle(_directory["db"]);
        BoltDatabase database = BoltDatabase.Open(file, RandomAccess.GetLength(file));
        long first = Math.Max(1, store.Scheduled);
        for (long revision = first; revision <= store.Revision; revision += 1 + ((store.Revision - first) / HashesMax))
        {
            HashKv expected =
                new() { Revision = revision, Hash = store.HashKv(revision), CompactRevision = store.Scheduled };
            foreach (int limit in Limits)
            {
                RevisionPass pass = RevisionPass.Run(
                    database, expected, limit, receiveValue: null, CancellationToken.None);
                SnapshotCheck hash = pass.Checks.Single(check => check.Part == CheckedPart.HashKv);
                Assert.True(
                    hash.Result == CheckResult.Passed || (hash.Result == CheckResult.NotChecked && !isComplete),
                    $"seed {seed}, {limit} keys: {hash.Result} {hash.Detail} {string.Join(' ', hash.Problems)}");
                SnapshotReport report = Assert.IsType<SnapshotReport>(pass.Report);
                Assert.True(
                    store.LiveKeys == report.LiveKeys,
                    $"seed {seed}, {limit} keys: {report.LiveKeys} of {store.LiveKeys}");
                Assert.Empty(pass.Checks.Single(check => check.Part == CheckedPart.Revisions).Problems);
            }
        }
    }
}
