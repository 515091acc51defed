using System.Collections.Concurrent;
using EtcdBackupAgent.Testing;
using EtcdBackupAgent.Testing.Etcd;
using EtcdBackupAgent.Testing.Storage;

namespace EtcdBackupAgent.EndToEndTests.Fixtures;

/// <summary>
/// Real servers that all tests of the run share. Each starts when a test first uses it. No test writes to a shared
/// etcd; on the S3 server each test uses its own bucket.
/// </summary>
internal static class SharedServers
{
    private static readonly ConcurrentDictionary<string, Lazy<Task<IAsyncDisposable>>> Started =
        new(StringComparer.Ordinal);

    /// <summary>
    /// Returns an etcd of this series (<c>3.4</c>, <c>3.5</c>) with mutual TLS and the content of
    /// <see cref="EtcdContent"/>.
    /// </summary>
    public static Task<EtcdServer> EtcdAsync(string version) => SharedAsync(
        version,
        async () =>
        {
            EtcdServer server = await EtcdServer.StartAsync(
                new EtcdServerOptions { Series = Series(version), MutualTls = true });
            await EtcdContent.WriteAsync(server);
            return server;
        });

    /// <summary>Returns an etcd without TLS whose snapshot has more than 64 MB of incompressible data.</summary>
    public static Task<EtcdServer> LargeEtcdAsync() => SharedAsync(
        "large",
        async () =>
        {
            EtcdServer server = await EtcdServer.StartAsync(new EtcdServerOptions { Series = Series("3.5") });
            await EtcdContent.WriteNoiseAsync(server, 64 << 20);
            return server;
        });

    /// <summary>Returns an etcd without TLS with 20 MB of incompressible data: two parts of an upload.</summary>
    public static Task<EtcdServer> MediumEtcdAsync() => SharedAsync(
        "medium",
        async () =>
        {
            EtcdServer server = await EtcdServer.StartAsync(new EtcdServerOptions { Series = Series("3.5") });
            await EtcdContent.WriteNoiseAsync(server, 20 << 20);
            return server;
        });

    /// <summary>Returns an S3 server over HTTPS with its own authority.</summary>
    public static Task<RgwServer> S3Async() => SharedAsync("S3", () => RgwServer.StartAsync());

    public static EtcdSeries Series(string version) => Peers.EtcdMatrix.Single(series => series.Version == version);

    /// <summary>Stops all servers. The test run calls it once after the last test.</summary>
    public static async Task EndAsync()
    {
        // A server that did not start has failed the tests that use it, and has removed its own files.
        foreach (
            Task<IAsyncDisposable> server in Started.Values.Select(s => s.Value).Where(s => s.IsCompletedSuccessfully))
        {
            await (await server).DisposeAsync();
        }
    }

    private static async Task<T> SharedAsync<T>(string name, Func<Task<T>> start)
        where T : IAsyncDisposable =>
        (T)await Started.GetOrAdd(name, _ => new Lazy<Task<IAsyncDisposable>>(async () => await start())).Value;
}
