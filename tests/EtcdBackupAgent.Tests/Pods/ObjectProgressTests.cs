using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Pods;
using Xunit;
using WriteProgress = EtcdBackupAgent.Objects.Restoring.RestoreProgress;

namespace EtcdBackupAgent.Tests.Pods;

public sealed class ObjectProgressTests : IProgress<WriteProgress>
{
    private readonly List<WriteProgress> _shown = [];
    private readonly List<int> _published = [];

    [Fact]
    public void Each_step_of_ten_percent_is_published_once_and_never_the_end()
    {
        ObjectProgress progress = new(this, percent => Publish(percent, Task.FromResult<BackupException?>(null)));

        for (int tried = 1; tried <= 200; tried++)
        {
            // Objects that are refused count too.
            progress.Report(new WriteProgress(tried - (tried / 10), tried / 10, 200 - tried));
        }

        Assert.Equal(200, _shown.Count);
        Assert.Equal([10, 20, 30, 40, 50, 60, 70, 80, 90], _published);
    }

    [Fact]
    public async Task A_step_is_left_out_while_the_one_before_it_is_being_published()
    {
        TaskCompletionSource<BackupException?> first = new();
        ObjectProgress progress = new(this, percent => Publish(percent, first.Task));

        progress.Report(new WriteProgress(10, 0, 90));
        progress.Report(new WriteProgress(30, 0, 70));
        Assert.False(progress.Published.IsCompleted);
        first.SetResult(null);
        await progress.Published;
        progress.Report(new WriteProgress(31, 0, 69));

        Assert.Equal([10, 31], _published);
    }

    [Fact]
    public void A_restore_without_writes_publishes_no_progress()
    {
        ObjectProgress progress = new(this, percent => Publish(percent, Task.FromResult<BackupException?>(null)));

        progress.Report(new WriteProgress(0, 0, 0));

        Assert.Empty(_published);
        Assert.True(progress.Published.IsCompleted);
    }

    void IProgress<WriteProgress>.Report(WriteProgress value) => _shown.Add(value);

    private Task<BackupException?> Publish(int percent, Task<BackupException?> result)
    {
        _published.Add(percent);
        return result;
    }
}
