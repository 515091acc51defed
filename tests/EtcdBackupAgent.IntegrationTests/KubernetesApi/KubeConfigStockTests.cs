using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Kubernetes.Api;
using EtcdBackupAgent.Kubernetes.Api.Access;
using EtcdBackupAgent.Kubernetes.Objects;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.KubernetesApi;
using EtcdBackupAgent.Testing.Processes;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.KubernetesApi;

/// <summary>Kubeconfig files with which both stock kubectl and the agent reach the server, or both fail.</summary>
[Collection(KubernetesApiTests.Name)]
public sealed class KubeConfigStockTests(KubernetesApiFixture fixture) : IDisposable
{
    private static readonly ResourceKind Namespaces = new("", "v1", "namespaces", IsNamespaced: false);
    private readonly TestDirectory _directory = new();

    private KubernetesApiServer Server => fixture.Server;

    [Fact]
    public Task A_token_is_accepted() => ReachesAsync(Server.Kubeconfig($"token: {Server.AdminToken}"));

    [Fact]
    public async Task A_token_file_beside_the_kubeconfig_is_accepted()
    {
        await File.WriteAllTextAsync(_directory["token"], Server.AdminToken + "\n");
        await ReachesAsync(Server.Kubeconfig("tokenFile: token"));
    }

    [Fact]
    public Task A_client_certificate_in_files_is_accepted() => ReachesAsync(Server.Kubeconfig(
        $"client-certificate: \"{Server.AdminFiles.Certificate}\", client-key: \"{Server.AdminFiles.Key}\""));

    [Fact]
    public Task A_client_certificate_as_data_is_accepted() => ReachesAsync(Server.Kubeconfig(
        $"client-certificate-data: {Base64(Server.AdminFiles.Certificate)}, client-key-data: "
        + $"{Base64(Server.AdminFiles.Key)}"));

    [Theory]
    [InlineData("v1")]
    [InlineData("v1beta1")]
    public async Task A_plugins_token_is_accepted(string version)
    {
        await PluginAsync(version, $"\"token\": \"{Server.AdminToken}\"");
        await ReachesAsync(Server.Kubeconfig(Exec(version)));
    }

    [Fact]
    public async Task A_plugins_certificate_is_accepted()
    {
        string certificate = (await File.ReadAllTextAsync(Server.AdminFiles.Certificate)).ReplaceLineEndings("\\n");
        string key = (await File.ReadAllTextAsync(Server.AdminFiles.Key)).ReplaceLineEndings("\\n");
        await PluginAsync("v1", $"\"clientCertificateData\": \"{certificate}\", \"clientKeyData\": \"{key}\"");
        await ReachesAsync(Server.Kubeconfig(Exec("v1")));
    }

    [Fact]
    public Task The_authority_can_be_part_of_the_kubeconfig() => ReachesAsync(With(
        "certificate-authority:", $"certificate-authority-data: {Base64(Server.CaFile)}, x-was:"));

    [Fact]
    public Task The_check_of_the_server_certificate_can_be_disabled() => ReachesAsync(With(
        "certificate-authority:", "insecure-skip-tls-verify: true, x-was:"));

    [Fact]
    public Task The_name_of_the_server_can_be_given() => ReachesAsync(With(
        "server:", "tls-server-name: localhost, server:"));

    [Fact]
    public Task A_server_with_a_wrong_name_is_refused() => FailsAsync(
        With("server:", "tls-server-name: other.example, server:"), FailureReason.KubernetesUnreachable);

    [Fact]
    public Task A_server_of_an_unknown_authority_is_refused() => FailsAsync(
        With("certificate-authority:", "x-was:"), FailureReason.KubernetesUnreachable);

    [Fact]
    public Task A_wrong_token_is_refused() =>
        FailsAsync(Server.Kubeconfig("token: wrong"), FailureReason.KubernetesDenied);

    [Fact]
    public Task A_proxy_that_does_not_run_is_not_bypassed() =>
        FailsAsync(
            With("server:", $"proxy-url: \"http://127.0.0.1:{FreePort.Take()}\", server:"),
            FailureReason.KubernetesUnreachable);

    public void Dispose() => _directory.Dispose();

    private static string Base64(string file) => Convert.ToBase64String(File.ReadAllBytes(file));

    private static string Exec(string version) =>
        $"exec: {{apiVersion: client.authentication.k8s.io/{version}, command: ./plugin, interactiveMode: Never}}";

    private string With(string field, string replacement) =>
        Server.Kubeconfig($"token: {Server.AdminToken}").Replace(field, replacement, StringComparison.Ordinal);

    private async Task PluginAsync(string version, string status)
    {
        string response =
            $$"""{"kind": "ExecCredential", "apiVersion": "client.authentication.k8s.io/{{version}}", "status": { {{status}} } }""";
        await File.WriteAllTextAsync(_directory["plugin"], $"#!/bin/sh\ncat <<'END'\n{response}\nEND\n");
        File.SetUnixFileMode(
            _directory["plugin"],
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    private async Task ReachesAsync(string kubeconfig)
    {
        (ToolResult kubectl, ResourceList? list, _) = await ListBothAsync(kubeconfig);

        Assert.Contains("namespace/default\n", kubectl.Output, StringComparison.Ordinal);
        Assert.Contains("default", list!.Items.Select(ObjectMetadata.Name));
    }

    private async Task FailsAsync(string kubeconfig, FailureReason reason)
    {
        (ToolResult kubectl, _, BackupException? failure) = await ListBothAsync(kubeconfig);

        Assert.NotEqual(0, kubectl.ExitCode);
        Assert.Equal(reason, failure!.Reason);
        Assert.DoesNotContain(Server.AdminToken, $"{failure}", StringComparison.Ordinal);
    }

    private async Task<(ToolResult Kubectl, ResourceList? List, BackupException? Failure)> ListBothAsync(
        string kubeconfig)
    {
        await File.WriteAllTextAsync(_directory["kubeconfig"], kubeconfig);
        ToolResult kubectl = await Server.TryKubectlAsync(
            ["get", "namespaces", "-o", "name"], kubeconfigFile: _directory["kubeconfig"]);
        KubernetesConnection connection = await KubeConfig.LoadAsync(
            [_directory["kubeconfig"]], context: null, TimeProvider.System, CancellationToken.None);
        using KubernetesClient client = new(connection, TimeProvider.System);
        try
        {
            return (
                kubectl,
                await client.ListAsync(Namespaces, ns: null, ResourceSelection.All, CancellationToken.None),
                null);
        }
        catch (Exception e) when (ApiFailure.IsKnown(e))
        {
            return (kubectl, null, ApiFailure.From(connection, "list namespaces", e));
        }
    }
}
