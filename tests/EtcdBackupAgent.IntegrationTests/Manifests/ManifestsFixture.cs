using EtcdBackupAgent.Testing.KubernetesApi;
using EtcdBackupAgent.Testing.Processes;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.Manifests;

/// <summary>An API server with the definitions of <c>manifests/crd</c> and the namespace of kubedr's
/// documents.</summary>
public sealed class ManifestsFixture : IAsyncLifetime
{
    public const string Namespace = "kubedr-system";

    private KubernetesApiServer? _server;

    public KubernetesApiServer Server => _server ?? throw new InvalidOperationException("The server was not started.");

    public async Task InitializeAsync()
    {
        _server = await KubernetesApiServer.StartAsync();
        await Server.KubectlAsync("create", "namespace", Namespace);
        await Server.KubectlAsync("apply", "-k", ManifestFiles.At("crd"));
        await Server.KubectlAsync("wait", "--for=condition=Established", "crd", "--all", "--timeout=60s");
    }

    public async Task DisposeAsync() => await Server.DisposeAsync();

    /// <summary>Runs stock kubectl in the namespace of kubedr's documents; it must succeed.</summary>
    /// <returns>The standard output.</returns>
    public Task<string> KubectlAsync(params string[] arguments) => Server.KubectlAsync(["-n", Namespace, .. arguments]);

    /// <summary>Runs <c>kubectl apply</c> on a text; it may fail.</summary>
    public Task<ToolResult> ApplyAsync(string manifests, params string[] arguments) =>
        Server.TryKubectlAsync(["-n", Namespace, "apply", "-f", "-", .. arguments], manifests);
}

[CollectionDefinition(Name)]
public sealed class ManifestsTests : ICollectionFixture<ManifestsFixture>
{
    public const string Name = "Manifests";
}
