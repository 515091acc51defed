using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Deadlines;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Kubernetes.Objects;

namespace EtcdBackupAgent.Kubernetes.Api.Leases;

/// <summary>
/// Lets one of several processes work at a time: the one that holds a Lease (coordination.k8s.io/v1). The clocks of
/// machines are not compared: the lease of another process has expired if it did not change for its duration, measured
/// with the clock of this process. As with every lease, two processes may believe for a moment that they hold it, after
/// one of them was suspended; their writes must be safe even then.
/// </summary>
internal sealed class LeaderLease(KubernetesClient client, LeaseOptions options, TimeProvider time)
{
    /// <summary>The last observed version of another holder's lease, and when it was first observed, as a value of
    /// <see cref="TimeProvider.GetTimestamp"/>.</summary>
    private (string Version, long At) _observed = ("", 0);

    /// <summary>
    /// When the server last responded, as a value of <see cref="TimeProvider.GetTimestamp"/>.
    /// </summary>
    private long _responded;

    /// <summary>Called each time that the holder of the lease is known, whichever process that is: the opposite of a
    /// failure.</summary>
    public Action HolderObserved { get; init; } = static () => { };

    /// <summary>Called each time that another process holds the lease, with its name.</summary>
    public Action<string> OtherObserved { get; init; } = static _ => { };

    /// <summary>
    /// Waits for the lease, or for <see cref="LeaseOptions.UnreachableMax"/>, and runs the work while it holds the
    /// lease, again after each loss; releases the lease at the end. The token of the work is cancelled when the lease
    /// is lost, and the work must end then. If the work completes or fails by itself, so does this call. Each failure
    /// to acquire or renew the lease is passed to <paramref name="reportFailure"/>, which must not throw.
    /// </summary>
    /// <exception cref="OperationCanceledException">The call was cancelled. A lease that was held is released or, if
    /// that fails, expires.</exception>
    public async Task RunAsync(
        Func<CancellationToken, Task> lead, Action<BackupException> reportFailure, CancellationToken cancellationToken)
    {
        while (true)
        {
            _responded = time.GetTimestamp();
            while (!await TryAcquireOrRenewAsync(reportFailure, cancellationToken) && !IsUnreachable())
            {
                await Task.Delay(options.RetryPeriod, time, cancellationToken);
            }

            _observed = ("", 0);
            if (await LeadAsync(lead, reportFailure, cancellationToken))
            {
                return;
            }
        }
    }

    /// <returns>Whether the work ended by itself; otherwise the lease was lost.</returns>
    private async Task<bool> LeadAsync(
        Func<CancellationToken, Task> lead, Action<BackupException> reportFailure, CancellationToken cancellationToken)
    {
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task work = WorkAsync();
        Task<bool> renewal = RenewAsync(reportFailure, stop.Token);
        Task first = await Task.WhenAny(work, renewal);
        await stop.CancelAsync();
        try
        {
            await work;
        }
        catch (OperationCanceledException) when (first == renewal && !cancellationToken.IsCancellationRequested)
        {
            // The lease was lost, and the work stopped as it should.
        }
        finally
        {
            if (await renewal)
            {
                await ReleaseAsync();
            }
        }

        return first == work;

        async Task WorkAsync() => await lead(stop.Token);
    }

    /// <summary>Renews the lease until it is lost or the call is cancelled.</summary>
    /// <returns>Whether the lease is still held.</returns>
    private async Task<bool> RenewAsync(Action<BackupException> reportFailure, CancellationToken cancellationToken)
    {
        long renewed = time.GetTimestamp();
        while (time.GetElapsedTime(renewed) < options.RenewDeadline)
        {
            try
            {
                await Task.Delay(options.RetryPeriod, time, cancellationToken);
                long attempted = time.GetTimestamp();
                TimeSpan left = options.RenewDeadline - time.GetElapsedTime(renewed);
                using Deadline deadline = new(left, time, cancellationToken);
                if (await TryAcquireOrRenewAsync(reportFailure, deadline.Token))
                {
                    renewed = attempted;
                }
                else if (_observed.Version.Length > 0)
                {
                    // Another process holds it.
                    return false;
                }
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return true;
            }
            catch (OperationCanceledException)
            {
                // The deadline passed during the request or before it.
                return false;
            }
        }

        return false;
    }

    /// <summary>Acquires the lease if it is free, or renews it if this process holds it.</summary>
    /// <returns>Whether this process holds it now.</returns>
    private async Task<bool> TryAcquireOrRenewAsync(
        Action<BackupException> reportFailure, CancellationToken cancellationToken)
    {
        try
        {
            LeaseObject? lease = LeaseObject.Of(await client.FindAsync(
                ResourceKind.Lease, options.Namespace, options.Name, cancellationToken));
            _responded = time.GetTimestamp();
            if (lease is null)
            {
                await WriteAsync(HeldLease(null), client.CreateAsync);
            }
            else if (IsFree(lease))
            {
                // It keeps its resource version: if two processes acquire it at once, one gets a conflict.
                await WriteAsync(HeldLease(lease), client.ReplaceAsync);
            }
            else
            {
                HolderObserved();
                OtherObserved(lease.Holder);
                return false;
            }

            _observed = ("", 0);
            HolderObserved();
            return true;
        }
        catch (ApiStatusException e) when (e.IsConflict || e.IsAlreadyExists)
        {
            return false;
        }
        catch (Exception e) when (ApiFailure.IsKnown(e) || e is BackupException)
        {
            reportFailure(e as BackupException ?? ApiFailure.From(
                client.Connection, $"acquire or renew the lease '{options.Namespace}/{options.Name}'", e));
            return false;
        }
    }

    /// <summary>
    /// Writes the lease, and waits for the response even if the caller cancels meanwhile: the server may still execute
    /// an aborted write, and then no process would release the lease that it acquired.
    /// </summary>
    private async Task WriteAsync(
        LeaseObject lease, Func<ResourceKind, string, JsonObject, CancellationToken, Task<JsonObject>> write)
    {
        using CancellationTokenSource deadline = new(options.RetryPeriod, time);
        try
        {
            await write(ResourceKind.Lease, options.Namespace, lease.Json, deadline.Token);
        }
        catch (OperationCanceledException e)
        {
            throw new TimeoutException($"no response within {options.RetryPeriod.TotalSeconds} s", e);
        }
    }

    private bool IsUnreachable() => time.GetElapsedTime(_responded) >= options.UnreachableMax;

    private bool IsFree(LeaseObject lease)
    {
        if (lease.Holder.Length == 0 || lease.Holder == options.Identity)
        {
            return true;
        }

        if (_observed.Version != lease.ResourceVersion)
        {
            _observed = (lease.ResourceVersion, time.GetTimestamp());
        }

        return time.GetElapsedTime(_observed.At) >= (lease.Duration ?? options.Duration);
    }

    private LeaseObject HeldLease(LeaseObject? lease) =>
        LeaseObject.Held(lease, options.Name, options.Identity, options.Duration, time.GetUtcNow());

    /// <summary>Releases the lease, so that no other process has to wait. If that fails, the lease expires by
    /// itself.</summary>
    private async Task ReleaseAsync()
    {
        using CancellationTokenSource deadline = new(options.RetryPeriod, time);
        try
        {
            JsonObject? existing = await client.FindAsync(
                ResourceKind.Lease, options.Namespace, options.Name, deadline.Token);
            if (LeaseObject.Of(existing) is { } lease && lease.Holder == options.Identity)
            {
                await client.ReplaceAsync(
                    ResourceKind.Lease, options.Namespace, lease.Released().Json, deadline.Token);
            }
        }
        catch (Exception e) when (ApiFailure.IsKnown(e) || e is BackupException or OperationCanceledException)
        {
            // The lease expires after its duration.
        }
    }
}
