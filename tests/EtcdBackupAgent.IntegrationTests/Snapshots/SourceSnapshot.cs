using System.Globalization;
using System.Text;
using EtcdBackupAgent.IntegrationTests.Etcd;
using EtcdBackupAgent.Testing.Etcd;

namespace EtcdBackupAgent.IntegrationTests.Snapshots;

/// <summary>A snapshot file that etcdctl saved, and the data of its server at that time.</summary>
internal sealed record SourceSnapshot
{
    public const string RootPassword = "root-password";
    public const string ReaderPassword = "reader-password";

    /// <summary>Larger than a page, and larger than what bbolt could mistake for one.</summary>
    private const int BigValueBytes = 1_000_000;

    /// <summary>etcd accepts 128 operations in a transaction.</summary>
    private const int PutsOfTransaction = 125;

    public required string File { get; init; }

    public required long Revision { get; init; }

    /// <summary>The data of the server that must be the same after a restore: keys, leases, hash.</summary>
    public required ServerFacts Facts { get; init; }

    /// <summary>
    /// Writes keys (one of them large, some changed and deleted, some with a lease), compacts half of the revisions,
    /// and saves a snapshot.
    /// </summary>
    public static async Task<SourceSnapshot> TakeAsync(EtcdServer server, string file, int keys)
    {
        using IndependentClient client = new(server.Endpoints[0]);
        foreach (int[] numbers in Enumerable.Range(0, keys).Chunk(PutsOfTransaction))
        {
            await client.ChangeAsync(numbers.Select(i => IndependentClient.Put(
                $"/registry/pods/{i:d6}", $"value of {i} {new string('.', i % 97)}")));
        }

        using MemoryStream big = new(Encoding.ASCII.GetBytes(new string('v', BigValueBytes)));
        await server.EtcdctlAsync(["put", "/big"], big);
        for (int i = 0; i < 4; i++)
        {
            await server.EtcdctlAsync("put", "/registry/changed", $"version {i}");
        }

        await server.EtcdctlAsync("put", "/registry/deleted", "");
        await server.EtcdctlAsync("del", "/registry/deleted");
        long compacted = (await ServerFacts.OfAsync(server)).Revision;
        string granted = await server.EtcdctlAsync("lease", "grant", "86400");
        await server.EtcdctlAsync("put", "/registry/leased", "x", "--lease", granted.Split(' ')[1]);
        await server.EtcdctlAsync("put", "/registry/deleted", "again");
        await server.EtcdctlAsync("del", "/registry/deleted");
        await server.EtcdctlAsync(
            "compact", compacted.ToString(CultureInfo.InvariantCulture), "--physical");
        return await SaveAsync(server, file);
    }

    /// <summary>Saves a snapshot of the current data.</summary>
    public static async Task<SourceSnapshot> SaveAsync(EtcdServer server, string file)
    {
        ServerFacts facts = await ServerFacts.OfAsync(server);
        await server.EtcdctlAsync("snapshot", "save", file);
        return new SourceSnapshot { File = file, Revision = facts.Revision, Facts = facts };
    }

    /// <summary>
    /// Creates the user root and the user reader, who may read <c>/registry/</c>, and enables authentication.
    /// </summary>
    public static async Task EnableUsersAsync(EtcdServer server)
    {
        await server.EtcdctlAsync("role", "add", "registry");
        await server.EtcdctlAsync("role", "grant-permission", "registry", "--prefix=true", "read", "/registry/");
        await server.EtcdctlAsync("user", "add", $"reader:{ReaderPassword}");
        await server.EtcdctlAsync("user", "grant-role", "reader", "registry");
        await server.EnableAuthenticationAsync(RootPassword);
    }
}
