using System.Collections.Concurrent;
using System.Net;
using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Kubernetes.Api;
using EtcdBackupAgent.Kubernetes.Api.Access;
using EtcdBackupAgent.Kubernetes.Controllers;
using EtcdBackupAgent.Kubernetes.Objects;
using EtcdBackupAgent.Testing;
using EtcdBackupAgent.Testing.Time;
using Microsoft.Extensions.Logging;
using Xunit;

namespace EtcdBackupAgent.Tests.Kubernetes.Controllers;

/// <summary>One worker with one queue, and a clock that the test advances.</summary>
public sealed class ReconcileLoopTests : IAsyncLifetime, IDisposable
{
    private static readonly ControllerOptions Options = new();
    private static readonly BackupException Full = new(FailureReason.StoreFull, "The bucket is full.");

    private readonly ManualTime _time = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
    private readonly CancellationTokenSource _stop = new();
    private readonly ScopedLog _log = new();
    private readonly RecordedMetrics _metrics = new();
    private readonly ScriptedReconciler _reconciler;
    private readonly WorkQueue _queue;
    private Task _running = Task.CompletedTask;

    public ReconcileLoopTests()
    {
        _reconciler = new ScriptedReconciler(_log);
        _queue = new WorkQueue(_time);
    }

    public Task InitializeAsync()
    {
        KubernetesConnection connection = new()
        {
            Server = new Uri("https://cluster"),
            Credentials = new FixedCredentials(token: null, certificate: null),
        };
        ReconcileLoop loop = new(connection, _reconciler, _queue, Options, _metrics, _time, _log);
        _running = loop.RunAsync(_stop.Token);
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        await _stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _running);
    }

    public void Dispose()
    {
        _queue.Dispose();
        _stop.Dispose();
    }

    [Fact]
    public async Task A_failure_is_retried_after_a_wait_and_then_after_a_longer_one()
    {
        _reconciler.Script(_ => throw Full, _ => throw Full, _ => Task.FromResult<TimeSpan?>(null));
        _queue.Add("a");
        await UntilEndedAsync(1);

        _time.Advance(Options.RetryMin);
        await UntilEndedAsync(2);
        _time.Advance(Options.RetryMin * 2);
        await UntilEndedAsync(3);

        Assert.Equal(
            [ReconcileResult.Failed, ReconcileResult.Failed, ReconcileResult.Succeeded], _metrics.Results);
        Assert.Equal(2, _log.Count("retrying in"));
    }

    [Fact]
    public async Task A_terminal_failure_is_not_retried_before_something_changes()
    {
        _reconciler.Script(
            _ => throw new TerminalFailure(Full),
            _ => Task.FromResult<TimeSpan?>(null),
            _ => throw new TerminalFailure(Full));
        _queue.Add("a");
        await UntilEndedAsync(1);

        // If "a" had been retried meanwhile, it would have been taken before "b".
        _time.Advance(Options.RetryMax * 10);
        _queue.Add("b");
        await UntilEndedAsync(2);
        _queue.Add("a");
        await UntilEndedAsync(3);

        Assert.Equal(["a", "b", "a"], _reconciler.Names);
        Assert.Equal(
            [ReconcileResult.Terminal, ReconcileResult.Succeeded, ReconcileResult.Terminal], _metrics.Results);
        Assert.Equal(
            1, _log.Count("(StoreFull); not retrying until something changes: The bucket is full."));
    }

    [Fact]
    public async Task A_terminal_failure_with_a_recheck_is_reconciled_again_after_the_delay()
    {
        _reconciler.Script(
            _ => throw new TerminalFailure(Full) { RecheckAfter = Options.Recheck },
            _ => Task.FromResult<TimeSpan?>(null));
        _queue.Add("a");
        await UntilEndedAsync(1);

        _time.Advance(Options.Recheck);
        await UntilEndedAsync(2);

        Assert.Equal([ReconcileResult.Terminal, ReconcileResult.Succeeded], _metrics.Results);
    }

    [Fact]
    public async Task A_reconciliation_that_takes_too_long_is_stopped_and_retried_and_others_continue()
    {
        _reconciler.Script(
            async cancellationToken =>
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, _time, cancellationToken);
                return null;
            },
            _ => Task.FromResult<TimeSpan?>(null),
            _ => Task.FromResult<TimeSpan?>(null));
        _queue.Add("a");
        await TestDeadline.UntilAsync("the first to begin", () => Task.FromResult(_reconciler.Begun == 1));
        _queue.Add("b");
        Assert.Equal(0, _metrics.Ended);

        _time.Advance(Options.ReconcileTimeout);
        await UntilEndedAsync(2);
        _time.Advance(Options.RetryMin);
        await UntilEndedAsync(3);

        Assert.Equal(
            [ReconcileResult.Failed, ReconcileResult.Succeeded, ReconcileResult.Succeeded], _metrics.Results);
        Assert.Equal(1, _log.Count("The reconciliation took longer than 15 min and was stopped."));
        Assert.Equal(["a", "b", "a"], _reconciler.Names);
        Assert.Equal(Options.ReconcileTimeout, _metrics.Durations[0]);
    }

    [Fact]
    public async Task A_conflict_is_counted_and_not_logged_and_a_bug_does_not_stop_other_work()
    {
        _reconciler.Script(
            _ => throw new ApiStatusException(HttpStatusCode.Conflict, "Conflict", "changed meanwhile"),
            _ => throw new InvalidOperationException("a bug"),
            _ => Task.FromResult<TimeSpan?>(null));
        _queue.Add("a");
        await UntilEndedAsync(1);
        Assert.Equal(0, _log.Count("Failed to reconcile"));
        _queue.Add("b");
        await UntilEndedAsync(2);
        _queue.Add("c");
        await UntilEndedAsync(3);

        Assert.Equal(
            [ReconcileResult.Conflict, ReconcileResult.Failed, ReconcileResult.Succeeded], _metrics.Results);
        Assert.Equal(["MetadataBackupPolicy"], _metrics.Kinds.Distinct());
    }

    [Fact]
    public async Task All_log_lines_of_a_reconciliation_have_its_id_which_differs_from_other_ids()
    {
        _reconciler.Script(_ => throw Full, _ => throw Full);
        _queue.Add("a");
        _queue.Add("b");
        await UntilEndedAsync(2);

        string[] lines = [.. _log.Lines];
        Assert.Equal(4, lines.Length);
        Assert.All(lines[..2], line => Assert.StartsWith("MetadataBackupPolicy a ", line, StringComparison.Ordinal));
        Assert.All(lines[2..], line => Assert.StartsWith("MetadataBackupPolicy b ", line, StringComparison.Ordinal));
        string[] ids = [.. lines.Select(line => line.Split(' ', ':')[2])];
        Assert.Matches("^[0-9a-f]{8}$", ids[0]);
        Assert.Equal((ids[0], ids[2]), (ids[1], ids[3]));
        Assert.NotEqual(ids[0], ids[2]);
    }

    private Task UntilEndedAsync(int count) => TestDeadline.UntilAsync(
        $"{count} reconciliations to end", () => Task.FromResult(_metrics.Ended == count));

    /// <summary>Executes the steps that a test gives, one for each call, and logs each call.</summary>
    private sealed class ScriptedReconciler(ILogger log) : IReconciler
    {
        private readonly ConcurrentQueue<Func<CancellationToken, Task<TimeSpan?>>> _script = [];
        private readonly ConcurrentQueue<string> _names = [];

        public ResourceKind Kind => ClusterKinds.Policy;

        public IReadOnlyList<RelatedKind> Related => [];

        public IReadOnlyList<string> Names => [.. _names];

        public int Begun => _names.Count;

        public void Script(params Func<CancellationToken, Task<TimeSpan?>>[] steps) =>
            Array.ForEach(steps, _script.Enqueue);

        public string? Fingerprint(JsonObject item) => null;

        public Task<TimeSpan?> ReconcileAsync(string name, CancellationToken cancellationToken)
        {
            log.JobMade("job", name, "the test requires it");
            _names.Enqueue(name);
            return _script.TryDequeue(out Func<CancellationToken, Task<TimeSpan?>>? step)
                ? step(cancellationToken)
                : throw new InvalidOperationException("the script has no more steps");
        }
    }

    private sealed class RecordedMetrics : IReconcileMetrics
    {
        private readonly ConcurrentQueue<(string Kind, ReconcileResult Result, TimeSpan Duration)> _ended = [];

        public int Ended => _ended.Count;

        public IEnumerable<string> Kinds => _ended.Select(one => one.Kind);

        public IEnumerable<ReconcileResult> Results => _ended.Select(one => one.Result);

        public IReadOnlyList<TimeSpan> Durations => [.. _ended.Select(one => one.Duration)];

        public void Reconciled(string kind, ReconcileResult result, TimeSpan duration) =>
            _ended.Enqueue((kind, result, duration));

        public void QueueChanged(string kind, int depth)
        {
            // The tests of the queue check this.
        }
    }

    /// <summary>Stores each line with the scope in which it was written.</summary>
    private sealed class ScopedLog : ILogger
    {
        private readonly ConcurrentQueue<string> _lines = [];
        private readonly AsyncLocal<string> _scope = new();

        public IReadOnlyList<string> Lines => [.. _lines];

        public int Count(string part) => Lines.Count(line => line.Contains(part, StringComparison.Ordinal));

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull
        {
            _scope.Value = $"{state}";
            return null;
        }

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter) =>
            _lines.Enqueue($"{_scope.Value}: {formatter(state, exception)}");
    }
}
