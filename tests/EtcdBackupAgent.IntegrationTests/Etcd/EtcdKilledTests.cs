using System.Security.Cryptography;
using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Testing.Etcd;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.Etcd;

public sealed class EtcdKilledTests
{
    private const int ValueBytes = 1024 * 1024;
    private const int Values = 30;

    [Theory]
    [InlineData("3.4", false)]
    [InlineData("3.5", true)]
    public async Task Killing_the_member_during_a_read_breaks_the_snapshot(string version, bool mutualTls)
    {
        await using EtcdServer server = await EtcdServer.StartAsync(
            new EtcdServerOptions { Series = EtcdServers.Series(version), MutualTls = mutualTls });
        for (int i = 0; i < Values; i++)
        {
            using MemoryStream value = new(RandomNumberGenerator.GetBytes(ValueBytes));
            await server.EtcdctlAsync(["put", $"key{i}"], value);
        }

        await using EtcdSnapshot snapshot =
            await SnapshotFile.Source(EtcdServers.ConnectionTo(server)).OpenAsync(CancellationToken.None);
        Assert.True(snapshot.SizeBytes > Values * ValueBytes, $"the snapshot has only {snapshot.SizeBytes} bytes");
        await snapshot.Content.ReadExactlyAsync(new byte[ValueBytes]);

        // While the test does not read, etcd cannot send: the rest is missing when it is killed.
        await server.KillAsync();
        BackupException e = await Assert.ThrowsAsync<BackupException>(() => snapshot.Content.CopyToAsync(Stream.Null));

        Assert.Equal(FailureReason.SnapshotBroken, e.Reason);
        Assert.StartsWith($"{server.EndpointList}: the snapshot stream broke off", e.Message, StringComparison.Ordinal);
        Assert.Matches($" after [0-9]{{7,8}} of {snapshot.SizeBytes} bytes\\.$", e.Message);
    }
}
