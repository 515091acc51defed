using System.Text;
using EtcdBackupAgent.EndToEndTests.Fixtures;
using EtcdBackupAgent.Testing;
using EtcdBackupAgent.Testing.Etcd;
using EtcdBackupAgent.Testing.Processes;
using Xunit;

namespace EtcdBackupAgent.EndToEndTests.CommandLine;

/// <summary>Keys and passwords are not shown: neither in the output, nor by <c>ps</c>.</summary>
public sealed class SecretTests
{
    private const string Password = "a-password-of-no-value-17";
    private const string WrongSecret = "a-wrong-secret-key-of-no-value-23";

    [Fact]
    public async Task No_output_contains_a_secret()
    {
        EtcdServer etcd = await SharedServers.EtcdAsync("3.5");
        using TestRepository repository = await TestRepository.NewAsync(StoreKind.S3);
        IReadOnlyDictionary<string, string?> right = With(repository.Environment, Password);
        IReadOnlyDictionary<string, string?> wrong = With(
            TestRepository.Credentials(repository.Environment["AWS_ACCESS_KEY_ID"]!, WrongSecret), Password);
        string[] backup = ["backup", .. EtcdArguments.Of(etcd)];

        (string[] Verb, IReadOnlyDictionary<string, string?> Environment, int ExitCode)[] runs =
        [
            (["init", "--unencrypted"], wrong, 4),
            (["init", "--unencrypted"], right, 0),
            (backup, right, 0),
            (backup, wrong, 4),
            // This etcd has no authentication, and accepts any user.
            ([.. backup, "--etcd-user", "root"], right, 0),
            (["verify", "latest"], right, 0),
            (["show", "latest", "--output", "json"], right, 0),
        ];
        string[] key = [.. (await File.ReadAllLinesAsync(etcd.ClientFiles!.Key)).Where(l => !l.StartsWith('-'))];
        string[] secrets = [repository.Environment["AWS_SECRET_ACCESS_KEY"]!, WrongSecret, Password, .. key];
        Assert.All(secrets, secret => Assert.True(secret.Length > 10));
        foreach ((string[] verb, IReadOnlyDictionary<string, string?> environment, int exitCode) in runs)
        {
            ToolResult result = await Agent.RunAsync(
                [.. verb, "--log-level", "debug", .. repository.Options],
                environment);
            Assert.True(exitCode == result.ExitCode, $"{verb[0]} ended with {result.ExitCode}: {result.StandardError}");
            Assert.All(secrets, secret => Assert.DoesNotContain(
                secret, result.StandardOutput + result.StandardError, StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task The_command_line_of_the_process_contains_no_secret()
    {
        await using EtcdServer etcd = await EtcdServer.StartAsync(new EtcdServerOptions { Series = Peers.Etcd35 });
        await etcd.EnableAuthenticationAsync(Password);
        using TestRepository repository = TestRepository.InDirectory();
        _ = (await repository.RunAsync("init", "--unencrypted")).Output;
        string[] arguments = ["backup", "--etcd-user", "root", .. EtcdArguments.Of(etcd), .. repository.Options];

        await using PeerProcess agent = Agent.Start(arguments, With(repository.Environment, Password));
        string commandLineText = "";
        await TestDeadline.UntilAsync("the agent's command line to be readable", async () =>
        {
            byte[] commandLine = await File.ReadAllBytesAsync($"/proc/{agent.Id}/cmdline");
            commandLineText = Encoding.UTF8.GetString(commandLine);
            return commandLineText.StartsWith(Agent.Path, StringComparison.Ordinal) || !agent.IsRunning;
        });

        Assert.Contains("--etcd-user", commandLineText, StringComparison.Ordinal);
        Assert.DoesNotContain(Password, commandLineText, StringComparison.Ordinal);
        Assert.Equal(0, await agent.WaitForExitAsync());
        Assert.DoesNotContain(Password, agent.Output, StringComparison.Ordinal);
    }

    private static Dictionary<string, string?> With(
        IReadOnlyDictionary<string, string?> environment,
        string password) => new(environment, StringComparer.Ordinal) { ["ETCD_PASSWORD"] = password };
}
