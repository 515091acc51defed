using System.Globalization;
using System.Text.Json;
using EtcdBackupAgent.EndToEndTests.Fixtures;
using EtcdBackupAgent.Testing.Etcd;
using EtcdBackupAgent.Testing.Processes;
using Xunit;

namespace EtcdBackupAgent.EndToEndTests.Recovery;

/// <summary>Accesses etcd in other ways than through one endpoint with a certificate.</summary>
public sealed class EtcdAccessTests
{
    [Theory]
    [InlineData("3.4")]
    [InlineData("3.5")]
    public async Task A_user_with_a_password_can_back_up_and_a_wrong_password_is_reported(string version)
    {
        await using EtcdServer etcd = await EtcdServer.StartAsync(
            new EtcdServerOptions { Series = SharedServers.Series(version) });
        await etcd.EnableAuthenticationAsync("right-password");
        using TestRepository repository = TestRepository.InDirectory();
        _ = (await repository.RunAsync("init", "--unencrypted")).Output;
        string[] backup = ["backup", "--etcd-user", "root", .. EtcdArguments.Of(etcd), .. repository.Options];

        ToolResult wrong = await Agent.RunAsync([.. backup, "--log-level", "debug"], Password("wrong-password"));
        Assert.Equal(3, wrong.ExitCode);
        Assert.Contains(etcd.Endpoints[0].Authority, wrong.StandardError, StringComparison.Ordinal);
        Assert.DoesNotContain("wrong-password", wrong.StandardError, StringComparison.Ordinal);
        ToolResult none = await Agent.RunAsync(backup);
        Assert.Equal(2, none.ExitCode);
        Assert.Contains("ETCD_PASSWORD", none.StandardError, StringComparison.Ordinal);
        ToolResult both = await Agent.RunAsync(
            ["backup", "--etcd-user", "root:right-password", .. EtcdArguments.Of(etcd), .. repository.Options]);
        Assert.Equal(2, both.ExitCode);
        Assert.Contains("give only the name ('root')", both.StandardError, StringComparison.Ordinal);
        Assert.DoesNotContain("right-password", both.StandardError, StringComparison.Ordinal);
        Assert.Equal(["repository.json"], await repository.KeysAsync());
        _ = (await Agent.RunAsync(backup, Password("right-password"))).Output;
        Assert.StartsWith(
            "etcd database",
            (await repository.RunAsync("verify", "latest")).StandardError,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_backup_succeeds_when_one_of_two_endpoints_is_down()
    {
        EtcdServer etcd = await SharedServers.EtcdAsync("3.5");
        using TestRepository repository = TestRepository.InDirectory();
        _ = (await repository.RunAsync("init", "--unencrypted")).Output;
        string down = string.Create(CultureInfo.InvariantCulture, $"https://127.0.0.1:{FreePort.Take()}");
        string[] options = [.. EtcdArguments.Of(etcd)];
        options[1] = $"{down},{options[1]}";

        using JsonDocument manifest = JsonDocument.Parse(
            (await repository.RunAsync(["backup", "--output", "json", .. options])).Output);

        Assert.Equal(etcd.EndpointList, manifest.RootElement.GetProperty("etcd").GetProperty("endpoint").GetString());
    }

    private static Dictionary<string, string?> Password(string password) =>
        new(StringComparer.Ordinal) { ["ETCD_PASSWORD"] = password };
}
