using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Testing.Etcd;
using EtcdBackupAgent.Testing.Storage;
using Xunit;

namespace EtcdBackupAgent.Tests.Core.Faults;

/// <summary>
/// Makes every single operation of the snapshot source fail: opening, every read of the stream, the request for HashKV.
/// </summary>
public sealed class EverySourceOperationFailsTests
{
    [Theory]
    [InlineData(FaultMoment.Before)]
    [InlineData(FaultMoment.After)]
    public async Task A_backup_whose_source_fails_anywhere_leaves_the_existing_snapshots_but_needs_no_HashKV(
        FaultMoment moment)
    {
        using FaultScene original = await FaultScene.CreateAsync();
        List<string> failed = [];
        while (true)
        {
            using FaultScene scene = original.Copy();
            IReadOnlyList<string> before = scene.StoredFiles();
            FaultySnapshotSource source = new(scene.NextSource()) { FailAt = failed.Count + 1, Moment = moment };
            BackupOutcome? outcome = null;

            Exception? failure = await Record.ExceptionAsync(
                async () => outcome = await scene.BackUpAsync(await scene.OpenSoundAsync(), source: source));

            if (!source.Struck)
            {
                Assert.Null(failure);
                break;
            }

            string operation = source.Operations[failed.Count];
            failed.Add(operation);
            if (operation == FaultySnapshotSource.HashKvQuestion)
            {
                // It is evidence for a later verification, and never fails a backup.
                Assert.Null(failure);
                Assert.Contains($"'{operation}'", Assert.Single(outcome!.Warnings), StringComparison.Ordinal);
            }
            else
            {
                BackupException named = Assert.IsType<BackupException>(failure);
                Assert.Equal(FailureReason.EtcdFailed, named.Reason);
                Assert.Contains($"'{operation}'", named.Message, StringComparison.Ordinal);
                Assert.Equal(before, scene.StoredFiles());
            }

            await scene.AssertHealsAsync();
        }

        // Open, HashKV, at least three reads of the bytes, and the one that finds the end.
        Assert.InRange(failed.Count, 6, 20);
        Assert.Single(failed, operation => operation == FaultySnapshotSource.HashKvQuestion);
    }
}
