namespace EtcdBackupAgent.Testing;

/// <summary>Limits how long a test waits for something that should happen at once.</summary>
public static class TestDeadline
{
    /// <summary>A long limit: a correct test must not fail on a loaded machine with two cores.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>Polls a condition until it holds.</summary>
    /// <exception cref="TimeoutException">
    /// The condition did not hold within <see cref="Patience"/>; the message names it.
    /// </exception>
    public static async Task UntilAsync(
        string what, Func<Task<bool>> condition, CancellationToken cancellationToken = default)
    {
        using CancellationTokenSource deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(Patience);
        using PeriodicTimer timer = new(TimeSpan.FromMilliseconds(20));
        try
        {
            while (!await condition())
            {
                await timer.WaitForNextTickAsync(deadline.Token);
            }
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"Waited {Patience.TotalSeconds:0} s for {what}, which did not happen.", e);
        }
    }
}
