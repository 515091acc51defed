using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Observability;
using EtcdBackupAgent.Observability.Metrics;
using EtcdBackupAgent.Resources.Directories;
using EtcdBackupAgent.Testing;
using EtcdBackupAgent.Testing.Time;
using EtcdBackupAgent.Worker;

namespace EtcdBackupAgent.Tests.Worker;

/// <summary>A worker on a directory of its own, with a clock that the test moves.</summary>
internal sealed class RunningWorker : IAsyncDisposable
{
    /// <summary>More than the hundred periods that a test advances at most.</summary>
    private const int PeriodsMax = 200;

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("eba-worker-");
    private readonly CountedStore _store;
    private PolicyWorker? _worker;

    public RunningWorker(string start = "2026-05-01T00:01:00Z")
    {
        Clock = new ManualTime(DateTimeOffset.Parse(start, System.Globalization.CultureInfo.InvariantCulture));
        Runner = new ScriptedRunner(Clock);
        Metrics = new AgentMetrics("1.2.3", Clock);
        Health = new AgentHealth(Clock, Options.SilenceMax);
        _store = new CountedStore(new DirectoryResourceStore(_directory.FullName));
        Write("location.yaml", """
            apiVersion: kubedr.catalogicsoftware.com/v1alpha1
            kind: BackupLocation
            metadata: {name: disk}
            spec: {url: "file:///var/backups", encryption: None}
            """);
    }

    public ManualTime Clock { get; }

    public ScriptedRunner Runner { get; }

    public AgentMetrics Metrics { get; }

    public AgentHealth Health { get; }

    public RecordedLog Log { get; } = new();

    public PolicyWorkerOptions Options { get; set; } = new();

    /// <summary>Called before each read of the resources.</summary>
    public Func<Task> BeforeRead
    {
        get => _store.Before;
        set => _store.Before = value;
    }

    /// <summary>Whether a read of the resources is running.</summary>
    public bool IsReading => _store.IsReading;

    public DateTimeOffset At(string timeOfDay) =>
        new(
            Clock.GetUtcNow().Date.Add(TimeSpan.Parse(timeOfDay, System.Globalization.CultureInfo.InvariantCulture)),
            TimeSpan.Zero);

    /// <summary>Writes a policy as the file of its name.</summary>
    public void WritePolicy(string name, string? schedule, string more = "") => Write($"{name}.yaml", $"""
        apiVersion: kubedr.catalogicsoftware.com/v1alpha1
        kind: MetadataBackupPolicy
        metadata: {"{"}name: {name}{"}"}
        spec:
          destination: disk
          etcdEndpoint: http://127.0.0.1:2379
          {(schedule is null ? "" : $"schedule: \"{schedule}\"")}
          {more}
        """);

    public void Write(string file, string text) => File.WriteAllText(Path.Combine(_directory.FullName, file), text);

    public string Read(string file) => File.ReadAllText(Path.Combine(_directory.FullName, file));

    public void Delete(string file) => File.Delete(Path.Combine(_directory.FullName, file));

    /// <summary>Starts the worker, and waits until its policies are scheduled.</summary>
    public async Task StartAsync(int scheduled)
    {
        _worker = new PolicyWorker(_store, Runner, Options, Metrics, Metrics.ChangeLogs, Health, Clock, Log);
        await _worker.StartAsync(CancellationToken.None);
        await UntilLoggedAsync("is next due at", scheduled);
    }

    /// <summary>What the controller does when it sees a policy.</summary>
    public void Wake() => _worker!.Wake();

    public bool BackUpNow(string policy, long? restorePoint = null) => _worker!.BackUpNow(
        new ResourceName("kubedr-system", policy),
        BackupOccasion.OnDemand(note: null) with { RestorePoint = restorePoint });

    public Task StopAsync() =>
        (_worker ?? throw new InvalidOperationException("Not started.")).StopAsync(CancellationToken.None);

    public async Task UntilLoggedAsync(string part, int times = 1)
    {
        try
        {
            await TestDeadline.UntilAsync(
                $"{times} times '{part}' in the log",
                () => Task.FromResult(Log.Count(part) >= times));
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"{e.Message} The log:\n{string.Join('\n', Log.Lines)}", e);
        }
    }

    /// <summary>
    /// Moves the clock by one reload period after the other, waits for the worker's read each time, and stops when
    /// something has been logged.
    /// </summary>
    public async Task AdvanceUntilLoggedAsync(string part, int times = 1)
    {
        for (int periods = 0; periods < PeriodsMax && Log.Count(part) < times; periods++)
        {
            int loads = _store.Loads;
            Clock.Advance(Options.ReloadPeriod);
            await TestDeadline.UntilAsync(
                "the worker to read the resources",
                () => Task.FromResult(_store.Loads > loads));
        }

        await UntilLoggedAsync(part, times);
    }

    /// <summary>Moves the clock until the worker is ready, or until it is not.</summary>
    public Task AdvanceUntilReadyAsync(bool ready) => TestDeadline.UntilAsync(
        $"the worker {(ready ? "to be ready" : "not to be ready")}",
        () =>
        {
            Clock.Advance(Options.ReloadPeriod);
            return Task.FromResult(Health.Readiness().IsSuccess == ready);
        });

    /// <summary>Moves the clock to a time of day, and waits until this many runs have started in total.</summary>
    public async Task AdvanceAsync(string timeOfDay, int runs)
    {
        Clock.AdvanceTo(At(timeOfDay));
        await UntilRunsAsync(runs);
    }

    public Task UntilRunsAsync(int runs) => TestDeadline.UntilAsync(
        $"{runs} runs", () => Task.FromResult(Runner.Runs.Count >= runs));

    public async ValueTask DisposeAsync()
    {
        if (_worker is not null)
        {
            Task stop = StopAsync();
            await TestDeadline.UntilAsync("the worker to stop", () =>
            {
                Clock.Advance(TimeSpan.FromSeconds(1));
                return Task.FromResult(stop.IsCompleted);
            });
            await stop;
            _worker.Dispose();
        }

        Metrics.Dispose();
        Log.Dispose();
        _directory.Delete(recursive: true);
    }

    /// <summary>Counts the reads, so that a test can see when the worker has caught up with the clock.</summary>
    private sealed class CountedStore(IResourceStore store) : IResourceStore
    {
        private int _loads;

        public Func<Task> Before { get; set; } = () => Task.CompletedTask;

        public bool IsReading { get; private set; }

        public int Loads => Volatile.Read(ref _loads);

        public string Address => store.Address;

        public async Task<ResourceSet> LoadAsync(CancellationToken cancellationToken)
        {
            IsReading = true;
            try
            {
                await Before();
                return await store.LoadAsync(cancellationToken);
            }
            finally
            {
                IsReading = false;
                Interlocked.Increment(ref _loads);
            }
        }
    }
}
