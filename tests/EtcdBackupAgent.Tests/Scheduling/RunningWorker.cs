using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Kubernetes.Resources;
using EtcdBackupAgent.Scheduling;
using EtcdBackupAgent.Testing;
using EtcdBackupAgent.Testing.Time;

namespace EtcdBackupAgent.Tests.Scheduling;

/// <summary>A worker on a directory of its own, with a clock that the test moves.</summary>
internal sealed class RunningWorker : IAsyncDisposable
{
    /// <summary>More than the hundred that a test moves on by, at most.</summary>
    private const int PeriodsMax = 200;

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("eba-worker-");
    private readonly CountedStore _store;
    private PolicyWorker? _worker;

    public RunningWorker(string start = "2026-05-01T00:01:00Z")
    {
        Clock = new ManualTime(DateTimeOffset.Parse(start, System.Globalization.CultureInfo.InvariantCulture));
        Runner = new ScriptedRunner(Clock);
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

    public RecordedLog Log { get; } = new();

    public PolicyWorkerOptions Options { get; set; } = new();

    public DateTimeOffset At(string timeOfDay) =>
        new(Clock.GetUtcNow().Date.Add(TimeSpan.Parse(timeOfDay, System.Globalization.CultureInfo.InvariantCulture)), TimeSpan.Zero);

    /// <summary>Writes a policy as the file of its name.</summary>
    public void Policy(string name, string? schedule, string more = "") => Write($"{name}.yaml", $"""
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

    public void Delete(string file) => File.Delete(Path.Combine(_directory.FullName, file));

    /// <summary>Starts, and waits until the policies have been placed and asked for.</summary>
    public async Task StartAsync(int placed)
    {
        _worker = new PolicyWorker(_store, Runner, Options, Clock, Log);
        await _worker.StartAsync(CancellationToken.None);
        await LoggedAsync("is next due at", placed);
    }

    public Task StopAsync() => (_worker ?? throw new InvalidOperationException("Not started.")).StopAsync(CancellationToken.None);

    public async Task LoggedAsync(string part, int times = 1)
    {
        try
        {
            await TestDeadline.UntilAsync($"{times} times '{part}' in the log", () => Task.FromResult(Log.Count(part) >= times));
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"{e.Message} The log:\n{string.Join('\n', Log.Lines)}", e);
        }
    }

    /// <summary>Moves the clock by one reload period after the other, each read by the worker, until something has been
    /// logged.</summary>
    public async Task AdvanceUntilLoggedAsync(string part, int times = 1)
    {
        for (int periods = 0; periods < PeriodsMax && Log.Count(part) < times; periods++)
        {
            int loads = _store.Loads;
            Clock.Advance(Options.ReloadPeriod);
            await TestDeadline.UntilAsync("the worker to read the resources", () => Task.FromResult(_store.Loads > loads));
        }

        await LoggedAsync(part, times);
    }

    /// <summary>Moves the clock to a time of day and waits for so many runs to have started since the
    /// beginning.</summary>
    public async Task AdvanceAsync(string timeOfDay, int runs)
    {
        Clock.AdvanceTo(At(timeOfDay));
        await RunsAsync(runs);
    }

    public Task RunsAsync(int runs) => TestDeadline.UntilAsync(
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

        Log.Dispose();
        _directory.Delete(recursive: true);
    }

    /// <summary>Counts the readings, so that a test can tell when the worker has caught up with the clock.</summary>
    private sealed class CountedStore(IResourceStore store) : IResourceStore
    {
        private int _loads;

        public int Loads => Volatile.Read(ref _loads);

        public string Address => store.Address;

        public async Task<ResourceSet> LoadAsync(CancellationToken cancellationToken)
        {
            ResourceSet set = await store.LoadAsync(cancellationToken);
            Interlocked.Increment(ref _loads);
            return set;
        }
    }
}
