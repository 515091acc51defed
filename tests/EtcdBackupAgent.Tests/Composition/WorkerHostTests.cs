using EtcdBackupAgent.Composition;
using EtcdBackupAgent.Core.Artifacts;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Resources.Directories;
using EtcdBackupAgent.Testing;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Worker;
using Microsoft.Extensions.Logging;
using Xunit;

namespace EtcdBackupAgent.Tests.Composition;

public sealed class WorkerHostTests : IDisposable
{
    private readonly TestDirectory _documents = new();

    public void Dispose() => _documents.Dispose();

    [Fact]
    public async Task A_worker_that_fails_while_it_runs_fails_the_program()
    {
        InvalidOperationException fault = new("A fault of the program.");
        FailingStore store = new(_documents.Path, fault);

        InvalidOperationException thrown = await Assert.ThrowsAsync<InvalidOperationException>(
            () => RunAsync(store, CancellationToken.None).WaitAsync(TestDeadline.Patience));

        Assert.Same(fault, thrown);
        Assert.Equal(2, store.Loads);
    }

    [Fact]
    public async Task A_cancelled_worker_stops_without_an_error()
    {
        using CancellationTokenSource stop = new();
        FailingStore store = new(_documents.Path, failure: null);
        Task run = RunAsync(store, stop.Token);
        await TestDeadline.UntilAsync("the worker to read the directory again", () => Task.FromResult(store.Loads > 1));

        await stop.CancelAsync();

        await run.WaitAsync(TestDeadline.Patience);
    }

    private static Task RunAsync(IResourceStore store, CancellationToken cancellationToken) => WorkerHost.RunAsync(
        new Wiring(TimeProvider.System),
        store,
        new DirectoryRecipientPins(store.Address),
        ScratchSpace.None,
        new PolicyWorkerOptions { ReloadPeriod = TimeSpan.FromMilliseconds(10) },
        listen: null,
        logging => logging.ClearProviders(),
        cancellationToken);

    /// <summary>An empty directory of documents that fails when it is read again.</summary>
    private sealed class FailingStore(string directory, Exception? failure) : IResourceStore
    {
        private readonly DirectoryResourceStore _directory = new(directory);
        private int _loads;

        public int Loads => Volatile.Read(ref _loads);

        public string Address => directory;

        public Task<ResourceSet> LoadAsync(CancellationToken cancellationToken) =>
            Interlocked.Increment(ref _loads) > 1 && failure is not null
                ? throw failure
                : _directory.LoadAsync(cancellationToken);
    }
}
