using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Kubernetes.Objects;

namespace EtcdBackupAgent.Kubernetes.Api.Leases;

/// <summary>
/// Lets one of several processes work at a time: the one that holds a Lease (coordination.k8s.io/v1). Clocks of
/// machines are not compared: another's lease has run out when it was not seen to change for its duration, by the clock
/// here. As with every lease, two may believe to hold it for a moment when a process stood still; what they write must
/// be safe against that by itself.
/// </summary>
internal sealed class LeaderLease(KubernetesClient client, LeaseOptions options, TimeProvider time)
{
    /// <summary>The version of another's lease that was seen last, and when, by
    /// <see cref="TimeProvider.GetTimestamp"/>.</summary>
    private (string Version, long At) _seen = ("", 0);

    /// <summary>Told each time that it is known who holds the lease, whoever that is: the opposite of trouble.</summary>
    public Action Known { get; init; } = static () => { };

    /// <summary>
    /// Waits for the lease and works while holding it, as often as that takes; gives it back at the end. The token of
    /// the work is cancelled when the lease is lost, and the work must end then; if it ends by itself, or fails, so
    /// does this. Why the lease cannot be had or kept is told each time, to somebody who does not throw.
    /// </summary>
    /// <exception cref="OperationCanceledException">The caller wants no more.</exception>
    public async Task RunAsync(
        Func<CancellationToken, Task> lead, Action<BackupException> told, CancellationToken cancellationToken)
    {
        while (true)
        {
            while (!await TryTakeAsync(told, cancellationToken))
            {
                await Task.Delay(options.RetryPeriod, time, cancellationToken);
            }

            if (await LeadAsync(lead, told, cancellationToken))
            {
                return;
            }
        }
    }

    /// <returns>Whether the work ended by itself; otherwise the lease was lost.</returns>
    private async Task<bool> LeadAsync(
        Func<CancellationToken, Task> lead, Action<BackupException> told, CancellationToken cancellationToken)
    {
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task work = WorkAsync();
        Task<bool> keep = KeepAsync(told, stop.Token);
        Task first = await Task.WhenAny(work, keep);
        await stop.CancelAsync();
        try
        {
            await work;
        }
        catch (OperationCanceledException) when (first == keep && !cancellationToken.IsCancellationRequested)
        {
            // The lease was lost, and the work stopped as it should.
        }
        finally
        {
            if (await keep)
            {
                await ReleaseAsync();
            }
        }

        return first == work;

        async Task WorkAsync() => await lead(stop.Token);
    }

    /// <summary>Renews until told to stop.</summary>
    /// <returns>Whether the lease is still held.</returns>
    private async Task<bool> KeepAsync(Action<BackupException> told, CancellationToken cancellationToken)
    {
        long renewed = time.GetTimestamp();
        while (time.GetElapsedTime(renewed) < options.RenewDeadline)
        {
            try
            {
                await Task.Delay(options.RetryPeriod, time, cancellationToken);
                long asked = time.GetTimestamp();
                TimeSpan left = options.RenewDeadline - time.GetElapsedTime(renewed);
                using CancellationTokenSource deadline = new(left > TimeSpan.Zero ? left : TimeSpan.Zero, time);
                using CancellationTokenSource both =
                    CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
                if (await TryTakeAsync(told, both.Token))
                {
                    renewed = asked;
                }
                else if (_seen.Version.Length > 0)
                {
                    // Somebody else has it.
                    return false;
                }
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return true;
            }
            catch (OperationCanceledException)
            {
                // The deadline passed while asking, or before.
                return false;
            }
        }

        return false;
    }

    /// <summary>Takes the lease if it is free, or renews it if it is ours.</summary>
    /// <returns>Whether we hold it now.</returns>
    private async Task<bool> TryTakeAsync(Action<BackupException> told, CancellationToken cancellationToken)
    {
        try
        {
            LeaseObject? lease = LeaseObject.Of(await client.FindAsync(
                ResourceKind.Lease, options.Namespace, options.Name, cancellationToken));
            if (lease is null)
            {
                await WriteAsync(Ours(null), client.CreateAsync);
            }
            else if (IsFree(lease))
            {
                // With its resource version: of two that take it at once, one gets a conflict.
                await WriteAsync(Ours(lease), client.ReplaceAsync);
            }
            else
            {
                Known();
                return false;
            }

            _seen = ("", 0);
            Known();
            return true;
        }
        catch (ApiStatusException e) when (e.IsConflict || e.IsAlreadyExists)
        {
            return false;
        }
        catch (Exception e) when (ApiFailure.IsKnown(e) || e is BackupException)
        {
            told(e as BackupException ?? ApiFailure.From(
                client.Connection, $"take the lease '{options.Namespace}/{options.Name}'", e));
            return false;
        }
    }

    /// <summary>
    /// Writes the lease, and waits for the answer whoever wants to stop meanwhile: a write that is cut off may be
    /// carried out all the same, and then nobody gives back what it took.
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
            throw new TimeoutException($"no answer within {options.RetryPeriod.TotalSeconds} s", e);
        }
    }

    private bool IsFree(LeaseObject lease)
    {
        if (lease.Holder.Length == 0 || lease.Holder == options.Identity)
        {
            return true;
        }

        if (_seen.Version != lease.ResourceVersion)
        {
            _seen = (lease.ResourceVersion, time.GetTimestamp());
        }

        return time.GetElapsedTime(_seen.At) >= (lease.Duration ?? options.Duration);
    }

    private LeaseObject Ours(LeaseObject? lease) =>
        LeaseObject.Held(lease, options.Name, options.Identity, options.Duration, time.GetUtcNow());

    /// <summary>Gives the lease back, so that nobody has to wait; if that fails, it runs out by itself.</summary>
    private async Task ReleaseAsync()
    {
        using CancellationTokenSource deadline = new(options.RetryPeriod, time);
        try
        {
            JsonObject? there = await client.FindAsync(
                ResourceKind.Lease, options.Namespace, options.Name, deadline.Token);
            if (LeaseObject.Of(there) is { } lease && lease.Holder == options.Identity)
            {
                await client.ReplaceAsync(
                    ResourceKind.Lease, options.Namespace, lease.Released().Json, deadline.Token);
            }
        }
        catch (Exception e) when (ApiFailure.IsKnown(e) || e is BackupException or OperationCanceledException)
        {
            // It runs out after its duration.
        }
    }
}
