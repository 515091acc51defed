using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Kubernetes.Api.Access;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.Time;
using Xunit;

namespace EtcdBackupAgent.Tests.Kubernetes.Api.Access;

public sealed class ExecCredentialsTests : IDisposable
{
    private const string Version = "client.authentication.k8s.io/v1";
    private const string Head = """{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":""";
    private readonly TestDirectory _directory = new();
    private readonly ManualTime _time = new(DateTimeOffset.UnixEpoch);

    [Fact]
    public async Task A_plugin_runs_again_when_its_token_expires_or_is_refused()
    {
        const string script =
            "echo x >> runs; echo '"
            + Head
            + """{"token":"t'$(wc -l < runs)'","expirationTimestamp":"1970-01-01T01:00:00Z"}}'""";
        using ExecCredentials credentials = Plugin(script);

        string? first = await TokenAsync(credentials);
        _time.Advance(TimeSpan.FromMinutes(59));
        string? same = await TokenAsync(credentials);
        bool canReturnAnother = credentials.DiscardToken();
        string? second = await TokenAsync(credentials);
        _time.Advance(TimeSpan.FromMinutes(2));
        string? third = await TokenAsync(credentials);

        Assert.True(canReturnAnother);
        Assert.Equal("t1 t1 t2 t3", $"{first} {same} {second} {third}");
    }

    [Fact]
    public async Task A_plugin_receives_the_request_and_its_variables()
    {
        using ExecCredentials credentials = Plugin(
            "echo \"$KUBERNETES_EXEC_INFO\" > info; echo '" + Head + """{"token":"'$GIVEN'"}}'""",
            plugin => plugin with { Cluster = new JsonObject { ["server"] = "https://one" } });

        Assert.Equal("given", await TokenAsync(credentials));
        Assert.Equal(
            """{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","spec":{"interactive":false,"cluster":{"server":"https://one"}}}""",
            (await File.ReadAllTextAsync(_directory["info"])).Trim());
    }

    [Theory]
    [InlineData("echo log in first >&2; exit 3", "exited with code 3: log in first.")]
    [InlineData("echo very-secret", "printed no valid JSON.")]
    [InlineData("echo '{\"token\":\"very-secret\"}'", "returned no ExecCredential of client.authentication.k8s.io/v1.")]
    [InlineData(
        "echo '{\"kind\":\"ExecCredential\",\"apiVersion\":\"client.authentication.k8s.io/v1alpha1\"}'",
        "returned no ExecCredential of client.authentication.k8s.io/v1.")]
    [InlineData(
        "echo '{\"kind\":\"Status\",\"apiVersion\":\"client.authentication.k8s.io/v1\"}'",
        "returned no ExecCredential of client.authentication.k8s.io/v1.")]
    [InlineData("echo '" + Head + "{}}'", "returned neither a token nor a certificate.")]
    [InlineData(
        "echo '" + Head + """{"token":"very-secret","expirationTimestamp":"soon"}}'""",
        "returned an expirationTimestamp that is not a time.")]
    public async Task An_error_of_a_plugin_is_reported_without_its_output(string script, string why)
    {
        using ExecCredentials credentials = Plugin(script, plugin => plugin with { InstallHint = "Install it." });

        BackupException e = await Assert.ThrowsAsync<BackupException>(() => TokenAsync(credentials));

        Assert.EndsWith(why, e.Message, StringComparison.Ordinal);
        Assert.Equal((FailureReason.InvalidInput, "Install it."), (e.Reason, e.Hint));
        Assert.DoesNotContain("very-secret", $"{e}", StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_missing_plugin_is_named()
    {
        using ExecCredentials credentials = new(
            new ExecPlugin { ApiVersion = Version, Command = "no-such-plugin" },
            _time);

        BackupException e = await Assert.ThrowsAsync<BackupException>(() => TokenAsync(credentials));

        Assert.Equal(
            "The credential plugin 'no-such-plugin' of the kubeconfig cannot be started: the program does not exist.",
            e.Message);
    }

    [Fact]
    public async Task A_pod_finds_the_API_through_its_environment_and_its_service_account()
    {
        await File.WriteAllTextAsync(_directory["token"], "t\n");
        await File.WriteAllTextAsync(_directory["ca.crt"], "pem");
        await File.WriteAllTextAsync(_directory["namespace"], "mine\n");
        static string? Environment(string name) => name == "KUBERNETES_SERVICE_HOST" ? "fd00::1" : "443";

        var connection = await InClusterConfig.LoadAsync(Environment, _time, CancellationToken.None, _directory.Path);

        Assert.True(InClusterConfig.IsAvailable(Environment, _directory.Path));
        Assert.False(InClusterConfig.IsAvailable(_ => null, _directory.Path));
        Assert.Equal(
            ("https://[fd00::1]", "mine", "pem"),
            ($"{connection}", connection.Namespace, connection.CaCertificatesPem));
        Assert.Equal("t", await connection.Credentials.TokenAsync(CancellationToken.None));
    }

    public void Dispose() => _directory.Dispose();

    private static async Task<string?> TokenAsync(ExecCredentials credentials) =>
        await credentials.TokenAsync(CancellationToken.None);

    private ExecCredentials Plugin(string script, Func<ExecPlugin, ExecPlugin>? change = null)
    {
        ExecPlugin plugin = new()
        {
            ApiVersion = Version,
            Command = "/bin/sh",
            Arguments = ["-c", $"cd {_directory.Path}; {script}"],
            Environment = new Dictionary<string, string>(StringComparer.Ordinal) { ["GIVEN"] = "given" },
        };
        return new ExecCredentials(change?.Invoke(plugin) ?? plugin, _time);
    }
}
