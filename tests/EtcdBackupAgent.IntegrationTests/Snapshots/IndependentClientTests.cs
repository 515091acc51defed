using System.Text;
using EtcdBackupAgent.IntegrationTests.Etcd;
using EtcdBackupAgent.Snapshots.Verification;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.Etcd;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.Snapshots;

/// <summary>
/// The snapshot of the agent contains exactly the records that dotnet-etcd wrote, and dotnet-etcd reads the same data
/// from an etcd that starts on a data directory of the agent.
/// </summary>
public sealed class IndependentClientTests : IDisposable
{
    private const int Pods = 300;
    private const int BigValueBytes = 1_000_000;

    private readonly TestDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("3.4")]
    [InlineData("3.5")]
    public async Task The_snapshot_contains_the_records_of_another_client_and_restores_them(string version)
    {
        string file = _directory["snapshot.db"];
        await using EtcdServer server = await StartAsync(version);
        using IndependentClient client = new(server.Endpoints[0]);
        WrittenKeys written = new(client);
        (long kept, long longer) = await WriteAsync(client, written);
        string[] leases = [await client.LeaseAsync(kept), await client.LeaseAsync(longer)];
        HashKv hash = await client.HashKvAsync(0);

        await SnapshotFile.SaveAsync(EtcdServers.ConnectionTo(server), file);

        Assert.Equal(written.Records, StoredRecord.Of(file));

        await using EtcdServer restored = await Restored.StartAsync(version, file);
        using IndependentClient reader = new(restored.Endpoints[0]);

        Assert.Equal(["3600 s: /registry/leases/kept", "86400 s: /registry/leases/a /registry/leases/b"], leases);
        Assert.Equal(leases[0], await reader.LeaseAsync(kept));
        Assert.Equal(leases[1], await reader.LeaseAsync(longer));
        Assert.Equal(hash, await reader.HashKvAsync(0) with { Revision = hash.Revision });
        Assert.Equal(written.At(client.Revision), await ReadAsync(reader));
        // Older revisions can be read as long as they are not compacted.
        for (long revision = 2; revision <= client.Revision; revision += client.Revision / 10)
        {
            Assert.Equal(written.At(revision), await ReadAsync(reader, revision));
        }
    }

    [Fact]
    public async Task One_changed_bit_of_a_value_is_visible_in_the_file_and_to_the_other_client()
    {
        const string Value = "a value that occurs nowhere else";
        string file = _directory["snapshot.db"];
        await using EtcdServer server = await StartAsync("3.5");
        using IndependentClient client = new(server.Endpoints[0]);
        WrittenKeys written = new(client);
        await written.PutAsync("/registry/a", "1");
        await written.PutAsync("/registry/b", Value);
        await SnapshotFile.SaveAsync(EtcdServers.ConnectionTo(server), file);

        Change(file, Encoding.UTF8.GetBytes(Value));

        string[] changed = [.. StoredRecord.Of(file).Except(written.Records).Select(record => record.Key)];
        Assert.Equal(["/registry/b"], changed);
        await using EtcdServer restored = await Restored.StartAsync("3.5", file);
        using IndependentClient reader = new(restored.Endpoints[0]);
        IEnumerable<StoredRecord> read = await ReadAsync(reader);
        Assert.Equal(["/registry/b"], read.Except(written.At(client.Revision)).Select(record => record.Key));
        Assert.NotEqual((await client.HashKvAsync(0)).Hash, (await reader.HashKvAsync(0)).Hash);
    }

    /// <summary>
    /// Writes keys of all kinds: changed, deleted and created again, alone and in transactions, with and without
    /// leases.
    /// </summary>
    /// <returns>A lease with one key and a lease with two keys; a third lease was revoked.</returns>
    private static async Task<(long Kept, long Longer)> WriteAsync(IndependentClient client, WrittenKeys written)
    {
        foreach (int[] numbers in Enumerable.Range(0, Pods).Chunk(100))
        {
            await written.ChangeAsync(
                [.. numbers.Select(i => ($"/registry/pods/{i:d4}", Encoding.UTF8.GetBytes($"pod {i}"), 0L))], []);
        }

        await written.PutAsync("/registry/empty", "");
        await written.PutAsync("/registry/every-byte", [.. Enumerable.Range(0, 256).Select(i => (byte)i)]);
        await written.PutAsync("/registry/ünïcode/€", "\0€");
        byte[] big = new byte[BigValueBytes];
        new Random(1).NextBytes(big);
        await written.PutAsync("/registry/big", big);
        for (int i = 0; i < 5; i++)
        {
            await written.PutAsync("/registry/changed", $"version {i}");
        }

        await written.DeleteAsync("/registry/pods/0007");
        await written.PutAsync("/registry/pods/0007", "made again");
        await written.ChangeAsync(
            [("/registry/pods/0008", "with others"u8.ToArray(), 0), ("/registry/new", "new"u8.ToArray(), 0)],
            ["/registry/pods/0009", "/registry/pods/0010"]);

        long kept = await client.GrantLeaseAsync(3_600);
        long longer = await client.GrantLeaseAsync(86_400);
        long revoked = await client.GrantLeaseAsync(3_600);
        await written.PutAsync("/registry/leases/kept", "kept", kept);
        await written.PutAsync("/registry/leases/a", "a", longer);
        await written.PutAsync("/registry/leases/b", "b", kept);
        await written.PutAsync("/registry/leases/b", "b of another lease", longer);
        await written.PutAsync("/registry/leases/revoked", "revoked", revoked);
        await written.RevokeAsync(revoked);
        return (kept, longer);
    }

    private static async Task<IReadOnlyList<StoredRecord>> ReadAsync(IndependentClient client, long revision = 0) =>
        [.. (await client.KeysAsync(revision)).Select(StoredRecord.Of)];

    /// <summary>Flips one bit at every occurrence of a text; freed pages of bbolt still contain their bytes.</summary>
    private static void Change(string file, ReadOnlySpan<byte> text)
    {
        byte[] bytes = File.ReadAllBytes(file);
        int at = bytes.AsSpan().IndexOf(text);
        Assert.True(at >= 0, "the text is not in the file");
        for (int found = 0; found >= 0; at += found)
        {
            bytes[at] ^= 1;
            found = bytes.AsSpan(at).IndexOf(text);
        }

        File.WriteAllBytes(file, bytes);
    }

    private static Task<EtcdServer> StartAsync(string version) =>
        EtcdServer.StartAsync(new EtcdServerOptions { Series = EtcdServers.Series(version) });
}
