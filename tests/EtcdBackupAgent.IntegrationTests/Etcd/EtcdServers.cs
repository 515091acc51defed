using System.Collections.Concurrent;
using EtcdBackupAgent.Etcd;
using EtcdBackupAgent.Testing;
using EtcdBackupAgent.Testing.Etcd;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.Etcd;

/// <summary>
/// Real etcd servers that tests share because they only read from them. Each is started when a test first needs it.
/// </summary>
public sealed class EtcdServers : IAsyncLifetime
{
    /// <summary>Bytes of each value of a shared server: enough for several frames.</summary>
    private const int ValueBytes = 300_000;

    private readonly ConcurrentDictionary<string, Lazy<Task<EtcdServer>>> _servers = new(StringComparer.Ordinal);

    public static EtcdSeries Series(string version) => Peers.EtcdMatrix.Single(series => series.Version == version);

    /// <summary>A server with some keys, without authentication; some revisions are compacted.</summary>
    public Task<EtcdServer> WithKeysAsync(string version, bool mutualTls) => Shared(
        $"{version} {mutualTls}",
        async () =>
        {
            EtcdServer server = await EtcdServer.StartAsync(
                new EtcdServerOptions { Series = Series(version), MutualTls = mutualTls });
            for (int i = 0; i < 4; i++)
            {
                using MemoryStream value = new(new byte[ValueBytes]);
                await server.EtcdctlAsync(["put", $"/registry/{i % 3}"], value);
            }

            await server.EtcdctlAsync("compact", "3");
            return server;
        });

    /// <summary>
    /// A server without TLS and with authentication. Its users are root, and <c>reader</c> without that role.
    /// </summary>
    public Task<EtcdServer> WithUsersAsync(string version) => Shared(
        $"{version} users",
        async () =>
        {
            EtcdServer server = await EtcdServer.StartAsync(new EtcdServerOptions { Series = Series(version) });
            await server.EtcdctlAsync("user", "add", "reader:reader-password");
            await server.EnableAuthenticationAsync("root-password");
            return server;
        });

    /// <summary>The connection to a server, with a client certificate that it accepts.</summary>
    public static EtcdConnection ConnectionTo(EtcdServer server) => new()
    {
        Endpoints = server.Endpoints,
        CaCertificatesPem = server.CaFile is null ? null : File.ReadAllText(server.CaFile),
        ClientCertificatePem = server.ClientFiles is null ? null : File.ReadAllText(server.ClientFiles.Certificate),
        ClientKeyPem = server.ClientFiles is null ? null : File.ReadAllText(server.ClientFiles.Key),
    };

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        foreach (Lazy<Task<EtcdServer>> server in _servers.Values)
        {
            await (await server.Value).DisposeAsync();
        }
    }

    private Task<EtcdServer> Shared(string key, Func<Task<EtcdServer>> start) =>
        _servers.GetOrAdd(key, _ => new Lazy<Task<EtcdServer>>(start)).Value;
}

[CollectionDefinition(Name)]
public sealed class EtcdServersCollection : ICollectionFixture<EtcdServers>
{
    public const string Name = "shared etcd servers";
}
