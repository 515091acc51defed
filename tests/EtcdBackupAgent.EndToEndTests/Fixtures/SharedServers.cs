using System.Collections.Concurrent;
using EtcdBackupAgent.Testing;
using EtcdBackupAgent.Testing.Etcd;
using EtcdBackupAgent.Testing.Storage;

namespace EtcdBackupAgent.EndToEndTests.Fixtures;

/// <summary>
/// Real servers that all tests of the run share, each started when a test first asks for it. Nobody writes to a shared
/// etcd; in the S3 server each test has a bucket of its own.
/// </summary>
internal static class SharedServers
{
    private static readonly ConcurrentDictionary<string, Lazy<Task<IAsyncDisposable>>> Started =
        new(StringComparer.Ordinal);

    /// <summary>
    /// An etcd of this series (<c>3.4</c>, <c>3.5</c>) with mutual TLS and the content of <see cref="EtcdContent"/>.
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

    /// <summary>An etcd without TLS whose snapshot has more than 64 MB that no compression makes smaller.</summary>
    public static Task<EtcdServer> LargeEtcdAsync() => SharedAsync(
        "large",
        async () =>
        {
            EtcdServer server = await EtcdServer.StartAsync(new EtcdServerOptions { Series = Series("3.5") });
            await EtcdContent.WriteNoiseAsync(server, 64 << 20);
            return server;
        });

    /// <summary>The same with 20 MB: two parts of an upload.</summary>
    public static Task<EtcdServer> MediumEtcdAsync() => SharedAsync(
        "medium",
        async () =>
        {
            EtcdServer server = await EtcdServer.StartAsync(new EtcdServerOptions { Series = Series("3.5") });
            await EtcdContent.WriteNoiseAsync(server, 20 << 20);
            return server;
        });

    /// <summary>An S3 server over HTTPS, with an authority of its own.</summary>
    public static Task<RgwServer> S3Async() => SharedAsync("S3", () => RgwServer.StartAsync());

    public static EtcdSeries Series(string version) => Peers.EtcdMatrix.Single(series => series.Version == version);

    /// <summary>Ends all servers; the run calls it once, after the last test.</summary>
    public static async Task EndAsync()
    {
        // A server that did not start has failed the tests that asked for it, and has cleaned up after itself.
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
