using System.Collections.Concurrent;
using System.Text.Json.Nodes;

namespace EtcdBackupAgent.Testing.KubernetesApi.Pods;

/// <summary>
/// Runs the Jobs of a namespace: scheduler, Job controller and kubelet of a small cluster. A
/// pod is a process of the built agent that gets what its template says, with the template's user and no capability; a
/// mount is a directory, and what names its path in arguments and environment is changed to that. Not enforced: the
/// read-only root file system, seccomp, limits, network. It also removes what a removed owner leaves, as garbage
/// collection does.
/// </summary>
public sealed class PodRunner : IAsyncDisposable
{
    /// <summary>The exit code of a pod that was evicted.</summary>
    public const int Evicted = 137;

    /// <summary>How often it looks.</summary>
    internal static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(100);

    private readonly PodRunnerOptions _options;
    private readonly ClusterObjects _objects;
    private readonly ClaimDirectories _claims;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentQueue<PodRun> _ended = new();
    private readonly Dictionary<string, (JobRun Run, Task Work)> _jobs = new(StringComparer.Ordinal);
    private readonly Task _working;
    private volatile Exception? _failure;

    public PodRunner(PodRunnerOptions options)
    {
        _options = options;
        _objects = new ClusterObjects(options.Server);
        _claims = new ClaimDirectories(options, _objects);
        _working = WorkAsync();
    }

    /// <summary>The pods that came to their end, in order.</summary>
    public IReadOnlyList<PodRun> Ended => [.. _ended];

    /// <summary>The first template that could not be carried out; null if there was none.</summary>
    public Exception? Failure => _failure;

    /// <summary>Whether new pods are evicted before they do anything: their node has no memory.</summary>
    public bool IsEvicting { get; set; }

    /// <summary>The directory of a claim.</summary>
    public string ClaimDirectory(string claim) => _claims[claim];

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _working;
        foreach ((JobRun run, _) in _jobs.Values)
        {
            run.End();
        }

        foreach ((JobRun run, Task work) in _jobs.Values)
        {
            await work;
            run.Dispose();
        }

        _claims.Dispose();
        _objects.Dispose();
        _stop.Dispose();
    }

    private async Task WorkAsync()
    {
        using PeriodicTimer timer = new(Pace);
        try
        {
            do
            {
                try
                {
                    await LookAsync();
                }
                catch (HttpRequestException)
                {
                    // The server is away, or the namespace is. Next time.
                }
            }
            while (await timer.WaitForNextTickAsync(_stop.Token));
        }
        catch (OperationCanceledException)
        {
            // The test is over.
        }
    }

    /// <summary>1. Collect what has lost its owner. 2. End pods of deleted Jobs. 3. Start new Jobs.</summary>
    private async Task LookAsync()
    {
        string batch = $"apis/batch/v1/namespaces/{_options.Namespace}";
        IReadOnlyList<JsonObject> jobs = await _objects.ListAsync($"{batch}/jobs", _stop.Token);

        // 1
        if (jobs.Any(job => Owner.ControllerOf(job) is not null))
        {
            await CollectAsync(batch, jobs);
        }

        // 2
        HashSet<string> live = [.. jobs.Where(job => job["metadata"]!["deletionTimestamp"] is null).Select(Uid)];
        foreach ((string uid, (JobRun run, _)) in _jobs)
        {
            if (!live.Contains(uid))
            {
                run.End();
            }
        }

        // 3
        foreach (JsonObject job in jobs.Where(job => live.Contains(Uid(job)) && !_jobs.ContainsKey(Uid(job))))
        {
            if ((bool?)job["spec"]!["suspend"] != true && job["status"]?["conditions"] is null)
            {
                JobRun run = new(_options, _objects, _claims, job) { IsEvicted = IsEvicting };
                _jobs.Add(run.Uid, (run, KeepAsync(run)));
            }
        }
    }

    private async Task KeepAsync(JobRun run)
    {
        try
        {
            if (await run.RunAsync(_stop.Token) is { } ended)
            {
                _ended.Enqueue(ended);
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // The test is over.
        }
        catch (Exception e)
        {
            // For the test to see: nothing else waits for this.
            _failure ??= e;
        }
    }

    /// <summary>
    /// A kind that the server does not know, at the moment, may own anything: then nothing is collected.
    /// </summary>
    private async Task CollectAsync(string batch, IReadOnlyList<JsonObject> jobs)
    {
        string agents = $"apis/kubedr.catalogicsoftware.com/v1alpha1/namespaces/{_options.Namespace}";
        HashSet<string> owners = new(StringComparer.Ordinal);
        foreach (
            string path in new[]
            {
                $"{batch}/cronjobs",
                $"{agents}/metadatabackuppolicies",
                $"{agents}/metadatarestores",
            })
        {
            if (await _objects.FindAsync(path, _stop.Token) is not { } list)
            {
                return;
            }

            owners.UnionWith((list["items"] as JsonArray ?? []).OfType<JsonObject>().Select(Uid));
        }

        foreach (JsonObject job in jobs.Where(job => Owner.ControllerOf(job) is { } owner && !owners.Contains(owner)))
        {
            await _objects.DeleteAsync($"{batch}/jobs/{(string)job["metadata"]!["name"]!}", _stop.Token);
        }
    }

    private static string Uid(JsonObject item) => (string)item["metadata"]!["uid"]!;
}
