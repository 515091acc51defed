using EtcdBackupAgent.Testing.Storage;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.Storage;

public sealed class RgwServerTests
{
    [Fact]
    public async Task On_disk_it_responds_and_responds_again_after_it_was_killed()
    {
        await using RgwServer server = await RgwServer.StartAsync(RgwStorage.Disk);
        using HttpClient client = new();

        await server.KillAsync();
        await Assert.ThrowsAsync<HttpRequestException>(() => client.GetAsync(server.HttpEndpoint));
        await server.RestartAsync();

        using HttpResponseMessage response = await client.GetAsync(server.HttpEndpoint);
        Assert.True(response.IsSuccessStatusCode);
    }
}
