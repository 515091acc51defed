using System.Collections.Concurrent;
using EtcdBackupAgent.Core.Archiving;
using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Worker;
using Xunit;

namespace EtcdBackupAgent.Tests.Worker;

/// <summary>Records when runs start, and runs what the test sets.</summary>
internal sealed class ScriptedRunner(TimeProvider clock) : IPolicyRunner
{
    private readonly ConcurrentDictionary<string, DateTimeOffset> _last = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<string> _runs = new();
    private readonly ConcurrentQueue<string> _archives = new();
    private int _underWay;

    /// <summary>What a run does; by default it completes at once.</summary>
    public Func<BackupPolicy, CancellationToken, Task> Body { get; set; } = (_, _) => Task.CompletedTask;

    /// <summary>The failure to read the last backup; null to succeed.</summary>
    public Exception? HistoryFailure { get; set; }

    /// <summary>Every run in the order of its start: policy, reason, time of day.</summary>
    public IReadOnlyList<string> Runs => [.. _runs];

    public int UnderWay => Volatile.Read(ref _underWay);

    /// <summary>What writes a change log; by default it waits until it is asked to stop.</summary>
    public Func<ScriptedArchive, CancellationToken, Task> Archive { get; set; } =
        static (_, stopping) => UntilStoppedAsync(stopping);

    /// <summary>The change logs that were begun and ended, in order: policy, "begins" or "ends".</summary>
    public IReadOnlyList<string> Archives => [.. _archives];

    public int HistoryReads { get; private set; }

    public static Task UntilStoppedAsync(CancellationToken stopping)
    {
        TaskCompletionSource stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
        stopping.Register(() => stopped.TrySetResult());
        return stopped.Task;
    }

    public void SetLastBackup(string policy, DateTimeOffset start) => _last[policy] = start;

    public Task<DateTimeOffset?> LastBackupAsync(
        BackupPolicy policy,
        ResourceSet resources,
        CancellationToken cancellationToken)
    {
        HistoryReads++;
        Assert.True(resources.Locations.ContainsKey(policy.Destination));
        return HistoryFailure is { } failure
            ? Task.FromException<DateTimeOffset?>(failure)
            : Task.FromResult(
                _last.TryGetValue(policy.Name.Name, out DateTimeOffset start) ? start : (DateTimeOffset?)null);
    }

    public async Task BackUpAsync(
        BackupPolicy policy, ResourceSet resources, BackupOccasion occasion, CancellationToken cancellationToken)
    {
        Assert.True(resources.Locations.ContainsKey(policy.Destination));
        DateTimeOffset start = clock.GetUtcNow();
        _runs.Enqueue($"{policy.Name.Name} {occasion.Reason} {start:HH:mm:ss}");
        Interlocked.Increment(ref _underWay);
        try
        {
            await Body(policy, cancellationToken);
            _last[policy.Name.Name] = start;
        }
        finally
        {
            Interlocked.Decrement(ref _underWay);
        }
    }

    public async Task<BackupOutcome> MakeSnapshotAsync(
        BackupPolicy policy, ResourceSet resources, SnapshotLog log, CancellationToken cancellationToken)
    {
        await BackUpAsync(policy, resources, BackupOccasion.Scheduled, cancellationToken);
        throw new BackupException(FailureReason.SnapshotBroken, "There is no snapshot in a script.");
    }

    public async Task ArchiveAsync(
        BackupPolicy policy,
        ResourceSet resources,
        Func<SnapshotLog, CancellationToken, Task<BackupOutcome>> makeSnapshot,
        IArchiveObserver observer,
        CancellationToken stopping)
    {
        Assert.True(resources.Locations.ContainsKey(policy.Destination));
        _archives.Enqueue($"{policy.Name.Name} begins");
        try
        {
            await Archive(new ScriptedArchive(policy, makeSnapshot, observer), stopping);
        }
        finally
        {
            _archives.Enqueue($"{policy.Name.Name} ends");
        }
    }
}

/// <summary>A change log that a script writes.</summary>
internal sealed record ScriptedArchive(
    BackupPolicy Policy,
    Func<SnapshotLog, CancellationToken, Task<BackupOutcome>> MakeSnapshot,
    IArchiveObserver Observer);
