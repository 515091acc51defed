using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Kubernetes.Api;
using EtcdBackupAgent.Kubernetes.Api.Watching;
using EtcdBackupAgent.Kubernetes.Objects;
using EtcdBackupAgent.Objects.Kinds;
using Microsoft.Extensions.Logging;

namespace EtcdBackupAgent.Kubernetes.Upgrades;

/// <summary>Watches one field of one object for one policy, and keeps what it has seen until the policy's status has
/// it.</summary>
/// <remarks>
/// 1. Find the resource of the kind. Its definition may not be installed yet: try again.
/// 2. Watch the one object. Each new value of the field is kept, in the order of the writes.
/// 3. What prevents that is kept as the problem, until the field can be read again.
/// </remarks>
internal sealed class UpgradeWatch : IDisposable
{
    /// <summary>The most values that are kept until the status has them. Further ones replace the last one.</summary>
    private const int SightingsMax = 64;

    /// <summary>How long to wait until the resource is searched again.</summary>
    private static readonly TimeSpan RetryPeriod = TimeSpan.FromSeconds(15);

    private readonly ConnectedCluster _cluster;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _gate = new();
    private readonly List<UpgradeSighting> _seen = [];
    private UpgradeSighting? _last;
    private UpgradeProblem? _problem;
    private bool _isDisposed;

    /// <param name="cluster">The cluster.</param>
    /// <param name="policy">The name of the policy.</param>
    /// <param name="uid">The uid of the policy.</param>
    /// <param name="field">The field.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Receives interruptions of the watch.</param>
    public UpgradeWatch(
        ConnectedCluster cluster, string policy, string uid, WatchedField field, TimeProvider time, ILogger logger) =>
        (_cluster, Policy, Uid, Field, _time, _logger) = (cluster, policy, uid, field, time, logger);

    /// <summary>The name of the policy.</summary>
    public string Policy { get; }

    /// <summary>The uid of the policy: another one of the same name has seen nothing yet.</summary>
    public string Uid { get; }

    public WatchedField Field { get; }

    /// <summary>The object and the field, as text that distinguishes them from all others.</summary>
    public string Watched =>
        $"{Field.ApiVersion} {Field.Kind} {Namespace}/{Field.Name} {Field.Field} {Field.Inner}".Trim();

    private string Namespace => Field.Namespace ?? _cluster.Namespace;

    /// <summary>Returns the values that were seen since <see cref="Forget"/>, and the last one in any case; and why the
    /// field cannot be read now.</summary>
    public (IReadOnlyList<UpgradeSighting> Seen, UpgradeProblem? Problem) Report()
    {
        lock (_gate)
        {
            return (_seen.Count > 0 || _last is null ? [.. _seen] : [_last], _problem);
        }
    }

    /// <summary>Forgets what the status has.</summary>
    public void Forget(IReadOnlyList<UpgradeSighting> written)
    {
        lock (_gate)
        {
            _seen.RemoveAll(written.Contains);
        }
    }

    /// <summary>Watches until it is stopped.</summary>
    /// <param name="changed">Called when there is something new to report.</param>
    /// <param name="cancellationToken">Stops it, as <see cref="Stop"/> does.</param>
    public async Task RunAsync(Action changed, CancellationToken cancellationToken)
    {
        using CancellationTokenSource stop =
            CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _stop.Token);
        try
        {
            while (true)
            {
                // 1
                if (await FindResourceAsync(changed, stop.Token) is { } resource)
                {
                    await WatchAsync(resource, changed, stop.Token);
                }

                await Task.Delay(RetryPeriod, _time, stop.Token);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // A stopped watch is not a failure.
        }
    }

    /// <summary>Stops it, from any thread, also if it has ended.</summary>
    public void Stop()
    {
        lock (_gate)
        {
            if (!_isDisposed)
            {
                _stop.Cancel();
            }
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _isDisposed = true;
            _stop.Dispose();
        }
    }

    private async Task<ServedResource?> FindResourceAsync(Action changed, CancellationToken cancellationToken)
    {
        try
        {
            if (await Discovery.FindAsync(_cluster.Client, Field.ApiVersion, Field.Kind, cancellationToken)
                is { } resource)
            {
                return resource;
            }

            SetProblem(NotServed($"{Field.ApiVersion} has no kind {Field.Kind}"), changed);
        }
        catch (ApiStatusException e) when (e.IsNotServed || e.IsNotFound)
        {
            SetProblem(NotServed($"{Field.ApiVersion} is not served"), changed);
        }
        catch (Exception e) when (ApiFailure.IsKnown(e))
        {
            BackupException failure = ApiFailure.From(
                _cluster.Client.Connection, $"find the kind {Field.Kind} of {Field.ApiVersion}", e);
            SetProblem(new UpgradeProblem("Unreadable", failure.Message), changed);
        }

        return null;
    }

    /// <summary>Steps 2 and 3. Returns if it must begin again.</summary>
    private async Task WatchAsync(ServedResource resource, Action changed, CancellationToken cancellationToken)
    {
        ResourceKind kind = ResourceKind.Of(resource);
        ResourceWatch watch = new(
            _cluster.Client,
            kind,
            resource.IsNamespaced ? Namespace : null,
            new ResourceSelection(Fields: $"metadata.name={Field.Name}"),
            _time);
        bool isThere = false;
        await foreach (ResourceChange change in watch.ReadAsync(cancellationToken))
        {
            switch (change)
            {
                case ResourcePresent present:
                    isThere = true;
                    See(present, changed);
                    break;
                case ResourceGone:
                    isThere = false;
                    SetProblem(Missing(resource), changed);
                    break;
                case ResourcesListed when !isThere:
                    SetProblem(Missing(resource), changed);
                    break;
                case WatchInterrupted { Failure.InnerException: ApiStatusException { IsMissingRight: true } }:
                    // Begin with a list again: a resumed watch would not report that the right is there.
                    SetProblem(Denied(kind, resource.IsNamespaced), changed);
                    return;
                case WatchInterrupted { Failure.InnerException: ApiStatusException { IsNotServed: true } }:
                    return;
                case WatchInterrupted interrupted:
                    _logger.UpgradeWatchInterrupted(Policy, Name, interrupted.Failure.Message, interrupted.RetryIn);
                    break;
            }
        }
    }

    private void See(ResourcePresent present, Action changed)
    {
        FieldValue value = FieldValue.Read(Field, present.Item);
        if (value.Text is not { } text)
        {
            SetProblem(new UpgradeProblem("FieldUnreadable", $"{Name} cannot be watched: {value.Problem}."), changed);
            return;
        }

        if (UpgradeState.ParseVersion(ObjectMetadata.ResourceVersion(present.Item)) is not { } version)
        {
            SetProblem(
                new UpgradeProblem(
                    "FieldUnreadable", $"{Name} cannot be watched: its resourceVersion is not a revision of etcd."),
                changed);
            return;
        }

        lock (_gate)
        {
            bool isNew = _last?.Value != text;
            if (!isNew && _problem is null)
            {
                return;
            }

            _problem = null;
            if (isNew)
            {
                _last = new UpgradeSighting(text, version, present.IsListed);
                if (_seen.Count == SightingsMax)
                {
                    _seen.RemoveAt(SightingsMax - 1);
                }

                _seen.Add(_last);
            }
        }

        changed();
    }

    private void SetProblem(UpgradeProblem problem, Action changed)
    {
        lock (_gate)
        {
            if (_problem == problem)
            {
                return;
            }

            _problem = problem;
        }

        changed();
    }

    private string Name => $"{Field.Kind} {Field.Name}";

    private UpgradeProblem NotServed(string fact) => new(
        "KindNotServed",
        $"{Name} cannot be watched: {fact}. Install its definition, or correct spec.beforeUpgrade.watch.");

    private UpgradeProblem Missing(ServedResource resource) => new(
        "ObjectMissing",
        $"{Name} does not exist{(resource.IsNamespaced ? $" in namespace {Namespace}" : "")}: nothing is watched.");

    private UpgradeProblem Denied(ResourceKind kind, bool isNamespaced) => new(
        "Forbidden",
        $"{Name} cannot be watched: the controller's service account lacks the right. Grant it get, list and watch on "
        + $"{kind} named {Field.Name}{(isNamespaced ? $" in namespace {Namespace}" : " in the cluster")}.");
}

/// <summary>Why a field cannot be watched now.</summary>
/// <param name="Reason">One word in CamelCase.</param>
/// <param name="Message">A sentence for the user.</param>
internal sealed record UpgradeProblem(string Reason, string Message);
