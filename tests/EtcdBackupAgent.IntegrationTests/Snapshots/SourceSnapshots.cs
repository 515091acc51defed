using System.Collections.Concurrent;
using EtcdBackupAgent.IntegrationTests.Etcd;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.Etcd;
using Etcdserverpb;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.Snapshots;

/// <summary>Snapshots that tests share. Each is taken from a real etcd when a test first needs it.</summary>
public sealed class SourceSnapshots : IDisposable
{
    /// <summary>Enough for a tree of several levels.</summary>
    private const int ManyKeys = 100_000;

    private readonly TestDirectory _directory = new();
    private readonly ConcurrentDictionary<string, Lazy<Task<SourceSnapshot>>> _snapshots = new(StringComparer.Ordinal);

    public void Dispose() => _directory.Dispose();

    internal Task<SourceSnapshot> OfAsync(string version) => Shared($"{version}", version, async (server, file) =>
        await SourceSnapshot.TakeAsync(server, file, ManyKeys));

    /// <summary>A snapshot with few keys and with authentication enabled.</summary>
    internal Task<SourceSnapshot> WithUsersAsync(string version) =>
        Shared($"{version}-users", version, async (server, file) =>
        {
            await server.EtcdctlAsync("put", "/registry/a", "b");
            await server.EtcdctlAsync("put", "/secret", "c");
            await SourceSnapshot.EnableUsersAsync(server);
            return await SourceSnapshot.SaveAsync(server, file);
        });

    /// <summary>A snapshot with one key and an active alarm.</summary>
    internal Task<SourceSnapshot> WithAlarmAsync(string version, string alarm) => Shared(
        $"{version}-{alarm}",
        version,
        async (server, file) =>
        {
            await server.EtcdctlAsync("put", "/registry/a", "b");
            SourceSnapshot before = await SourceSnapshot.SaveAsync(server, $"{file}.before");
            using IndependentClient client = new(server.Endpoints[0]);
            await client.RaiseAlarmAsync(Enum.Parse<AlarmType>(alarm, ignoreCase: true), member: 7);
            await server.EtcdctlAsync("snapshot", "save", file);
            return before with { File = file };
        });

    private Task<SourceSnapshot> Shared(
        string name, string version, Func<EtcdServer, string, Task<SourceSnapshot>> take) =>
        _snapshots.GetOrAdd(name, _ => new Lazy<Task<SourceSnapshot>>(async () =>
        {
            await using EtcdServer server =
                await EtcdServer.StartAsync(new EtcdServerOptions { Series = EtcdServers.Series(version) });
            return await take(server, _directory[$"{name}.db"]);
        })).Value;
}

[CollectionDefinition(Name)]
public sealed class SourceSnapshotsCollection : ICollectionFixture<SourceSnapshots>
{
    public const string Name = "shared snapshots";
}
