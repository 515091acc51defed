using System.Net;
using System.Net.Sockets;
using EtcdBackupAgent.Testing;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.Processes;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.Processes;

public sealed class PeerProcessTests
{
    private const int SignalKill = 9;
    private const int SignalTerminate = 15;

    public static TheoryData<string> Series => [.. Peers.EtcdMatrix.Select(series => series.Version)];

    [Theory]
    [MemberData(nameof(Series))]
    public async Task Etcd_of_each_series_starts_on_free_ports_and_responds(string version)
    {
        EtcdSeries series = Peers.EtcdMatrix.Single(series => series.Version == version);
        using TestDirectory directory = new();
        string client = $"http://127.0.0.1:{FreePort.Take()}";
        string peer = $"http://127.0.0.1:{FreePort.Take()}";
        await using PeerProcess etcd = PeerProcess.Start(
            series.Etcd,
            [
                "--data-dir", directory.Path, "--name", "a", "--initial-cluster", $"a={peer}",
                "--listen-client-urls", client, "--advertise-client-urls", client,
                "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer,
            ]);

        using HttpClient http = new();
        await etcd.UntilReadyAsync(async () => (await http.GetAsync(new Uri($"{client}/health"))).IsSuccessStatusCode);
        ToolResult put = await Tool.RunAsync(
            series.Etcdctl,
            ["--endpoints", client, "put", "key"],
            new Dictionary<string, string?> { ["ETCDCTL_API"] = "3" },
            new MemoryStream("value"u8.ToArray()));

        Assert.Equal("OK", put.Output.Trim());
        string versions = await http.GetStringAsync(new Uri($"{client}/version"));
        Assert.Contains($"\"etcdserver\":\"{version}.", versions, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Terminate_ends_a_process_with_sigterm_and_kill_with_sigkill()
    {
        await using PeerProcess first = PeerProcess.Start(Peers.Installed("sleep"), ["60"]);
        await using PeerProcess second = PeerProcess.Start(Peers.Installed("sleep"), ["60"]);
        Assert.True(first.IsRunning);

        first.Terminate();
        second.Kill();

        Assert.Equal(128 + SignalTerminate, await first.WaitForExitAsync());
        Assert.Equal(128 + SignalKill, await second.WaitForExitAsync());
        Assert.False(first.IsRunning);
    }

    [Fact]
    public async Task A_process_that_ends_before_it_is_ready_fails_with_its_output()
    {
        await using PeerProcess process = PeerProcess.Start(
            Peers.Installed("sh"), ["-c", "echo no such flag >&2; exit 3"]);

        InvalidOperationException e = await Assert.ThrowsAsync<InvalidOperationException>(
            () => process.UntilReadyAsync(() => Task.FromResult(false)));

        Assert.Contains("ended with 3", e.Message, StringComparison.Ordinal);
        Assert.Contains("no such flag", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_program_is_killed_when_the_test_host_dies()
    {
        ToolResult flags = await Tool.RunAsync(Peers.Setpriv, ["--dump"]);

        Assert.Contains("Parent death signal: KILL", flags.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_program_outlives_the_thread_that_started_it()
    {
        PeerProcess? process = null;
        Thread starter = new(() => process = PeerProcess.Start(Peers.Installed("cat"), []));
        starter.Start();
        starter.Join();

        await using PeerProcess cat = Assert.IsType<PeerProcess>(process);
        cat.Terminate();

        // If the end of the thread had killed it, the exit code would show that signal.
        Assert.Equal(128 + SignalTerminate, await cat.WaitForExitAsync());
    }

    [Fact]
    public async Task A_tool_returns_exit_code_and_both_streams()
    {
        ToolResult result = await Tool.RunAsync(
            Peers.Installed("sh"),
            ["-c", "cat; echo $GREETING >&2; exit 7"],
            new Dictionary<string, string?> { ["GREETING"] = "hello" },
            new MemoryStream("input"u8.ToArray()));

        Assert.Equal(new ToolResult(7, "input", "hello\n"), result);
        Assert.Throws<InvalidOperationException>(() => result.Output);
    }

    [Fact]
    public void A_missing_program_is_reported_with_the_command_that_installs_it()
    {
        FileNotFoundException e = Assert.Throws<FileNotFoundException>(() => Peers.Installed("no-such-program"));

        Assert.Equal("The tests need 'no-such-program', which does not exist: run eng/peers.", e.Message);
    }

    [Fact]
    public void Ports_are_free_and_never_returned_twice()
    {
        int[] ports = [.. Enumerable.Range(0, 50).Select(_ => FreePort.Take())];

        Assert.Equal(ports.Length, ports.Distinct().Count());
        Assert.All(ports, port =>
        {
            using TcpListener listener = new(IPAddress.Loopback, port);
            listener.Start();
        });
    }
}
