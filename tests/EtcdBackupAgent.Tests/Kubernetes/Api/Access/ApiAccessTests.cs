using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Kubernetes.Api;
using EtcdBackupAgent.Kubernetes.Api.Access;
using EtcdBackupAgent.Testing.Directories;
using Xunit;

namespace EtcdBackupAgent.Tests.Kubernetes.Api.Access;

public sealed class ApiAccessTests : IDisposable
{
    private readonly TestDirectory _directory = new();
    private readonly Dictionary<string, string> _environment = new(StringComparer.Ordinal);

    public ApiAccessTests()
    {
        _environment["HOME"] = _directory.Path;
        Write(".kube/config", "home");
        Write("listed", "listed");
        Write("named", "named");
    }

    [Fact]
    public async Task The_given_file_has_precedence_then_the_list_then_the_home_directory()
    {
        Assert.Equal("https://home", (await LoadAsync(file: null)).ToString());
        _environment["KUBECONFIG"] = _directory["listed"];
        Assert.Equal("https://listed", (await LoadAsync(file: null)).ToString());
        Assert.Equal("https://named", (await LoadAsync(_directory["named"])).ToString());
    }

    [Fact]
    public async Task A_missing_context_is_named()
    {
        BackupException e = await Assert.ThrowsAsync<BackupException>(() => LoadAsync(file: null, context: "other"));

        Assert.Equal(FailureReason.InvalidInput, e.Reason);
        Assert.Contains("has no context 'other'", e.Message, StringComparison.Ordinal);
    }

    public void Dispose() => _directory.Dispose();

    private Task<KubernetesConnection> LoadAsync(string? file, string? context = null) => ApiAccess.LoadAsync(
        file, context, name => _environment.GetValueOrDefault(name), TimeProvider.System, CancellationToken.None);

    private void Write(string file, string host) => _directory.Write(file, $"""
        clusters:
        - name: c
          cluster:
            server: https://{host}
        contexts:
        - name: c
          context:
            cluster: c
        current-context: c
        """);
}
