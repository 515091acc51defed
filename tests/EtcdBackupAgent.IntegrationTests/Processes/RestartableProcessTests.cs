using EtcdBackupAgent.Testing;
using EtcdBackupAgent.Testing.Processes;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.Processes;

public sealed class RestartableProcessTests
{
    [Fact]
    public async Task A_kill_that_is_not_through_yet_neither_fails_a_second_nor_ends_what_is_started_after_it()
    {
        await using RestartableProcess server = new();
        for (int round = 0; round < 20; round++)
        {
            await StartAsync(server, round);

            Task first = server.KillAsync();
            Task second = StartAsync(server, -round);
            await Task.WhenAll(first, second);

            // It runs, and is the one that was started last.
            await server.UntilReadyAsync(() =>
                Task.FromResult(server.Output.Contains($"<{-round}>", StringComparison.Ordinal)));
        }
    }

    private static Task StartAsync(RestartableProcess server, int number) =>
        server.StartAsync(Peers.Installed("sh"), ["-c", $"echo \"<{number}>\"; exec sleep 60"]);
}
