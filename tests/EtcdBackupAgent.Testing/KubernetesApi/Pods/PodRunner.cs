using System.Collections.Concurrent;
using System.Text.Json.Nodes;

namespace EtcdBackupAgent.Testing.KubernetesApi.Pods;

/// <summary>
/// Runs the Jobs of a namespace: it plays the scheduler, the Job controller and kubelet of a small cluster. A pod is a
/// process of the built agent with the arguments, the environment, the user and the capabilities of its template. A
/// mount is a directory, and paths below the mount are replaced in the arguments and the environment. The read-only
/// root file system, seccomp, limits and the network are not enforced. The runner also deletes Jobs whose owner was
/// deleted, as the garbage collection does.
/// </summary>
public sealed class PodRunner : IAsyncDisposable
{
    /// <summary>The exit code of a pod that was evicted.</summary>
    public const int Evicted = 137;

    /// <summary>The interval between two reads of the Jobs.</summary>
    internal static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(100);

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
        _working = LoopAsync();
    }

    /// <summary>The finished pods, in the order of their ends.</summary>
    public IReadOnlyList<PodRun> Ended => [.. _ended];

    /// <summary>The error of the first template that could not be run; null if there was none.</summary>
    public Exception? Failure => _failure;

    /// <summary>Whether new pods are evicted before they start, as if their node had no memory.</summary>
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

    private async Task LoopAsync()
    {
        using PeriodicTimer timer = new(PollInterval);
        try
        {
            do
            {
                try
                {
                    await PollAsync();
                }
                catch (HttpRequestException)
                {
                    // The server is down or the namespace is missing. The next poll tries again.
                }
            }
            while (await timer.WaitForNextTickAsync(_stop.Token));
        }
        catch (OperationCanceledException)
        {
            // The test is over.
        }
    }

    /// <summary>1. Delete Jobs without an owner. 2. End the pods of deleted Jobs. 3. Start new Jobs.</summary>
    private async Task PollAsync()
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
                _jobs.Add(run.Uid, (run, RunJobAsync(run)));
            }
        }
    }

    private async Task RunJobAsync(JobRun run)
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
            // The test reads it: no other code awaits this task.
            _failure ??= e;
        }
    }

    /// <summary>
    /// Deletes Jobs whose owner no longer exists. If the server does not serve a kind at the moment, nothing is
    /// deleted, because an object of that kind may own a Job.
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
