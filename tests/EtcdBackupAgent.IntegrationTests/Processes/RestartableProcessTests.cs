using EtcdBackupAgent.Testing;
using EtcdBackupAgent.Testing.Processes;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.Processes;

public sealed class RestartableProcessTests
{
    [Fact]
    public async Task Overlapping_kills_both_succeed_and_do_not_end_a_program_that_is_started_later()
    {
        await using RestartableProcess server = new();
        for (int round = 0; round < 20; round++)
        {
            await StartAsync(server, round);

            Task first = server.KillAsync();
            Task second = StartAsync(server, -round);
            await Task.WhenAll(first, second);

            // The server runs, and it is the one that was started last.
            await server.UntilReadyAsync(() =>
                Task.FromResult(server.Output.Contains($"<{-round}>", StringComparison.Ordinal)));
        }
    }

    private static Task StartAsync(RestartableProcess server, int number) =>
        server.StartAsync(Peers.Installed("sh"), ["-c", $"echo \"<{number}>\"; exec sleep 60"]);
}
