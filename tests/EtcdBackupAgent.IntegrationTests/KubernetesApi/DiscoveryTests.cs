using EtcdBackupAgent.Kubernetes.Api;
using EtcdBackupAgent.Kubernetes.Api.Access;
using EtcdBackupAgent.Objects.Kinds;
using EtcdBackupAgent.Testing.KubernetesApi;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.KubernetesApi;

/// <summary>What a real API server serves is what stock kubectl shows of it.</summary>
[Collection(KubernetesApiTests.Name)]
public sealed class DiscoveryTests(KubernetesApiFixture fixture)
{
    private KubernetesApiServer Server => fixture.Server;

    [Fact]
    public async Task The_resources_and_their_verbs_are_those_that_kubectl_shows()
    {
        string table = await Server.KubectlAsync("api-resources", "--no-headers", "-o", "wide");
        KubernetesConnection connection = await ApiAccess.LoadAsync(
            Server.KubeconfigFile, context: null, _ => null, TimeProvider.System, CancellationToken.None);
        using KubernetesClient client = new(connection, TimeProvider.System);

        ServedResources served = await Discovery.ReadAsync(client, CancellationToken.None);

        Assert.Equal(Lines(table), served.All.Select(Line).Order(StringComparer.Ordinal));
        Assert.Empty(served.Unlisted);
        Assert.Contains("wd", served.Preferred(new GroupResource("test.example.com", "widgets"))!.ShortNames);
    }

    private static string Line(ServedResource resource) =>
        $"{resource.Name.Resource} {resource.ApiVersion} {(resource.IsNamespaced ? "true" : "false")} {resource.Kind} "
        + string.Join(',', resource.Verbs.Order(StringComparer.Ordinal));

    /// <summary>The lines of kubectl without short names, which are empty for some, and without categories.</summary>
    private static IEnumerable<string> Lines(string table) => table
        .Split('\n', StringSplitOptions.RemoveEmptyEntries)
        .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        .Select(words => (Words: words, Scope: Array.FindIndex(words, word => word is "true" or "false")))
        .Select(line => string.Join(
            ' ',
            line.Words[0],
            line.Words[line.Scope - 1],
            line.Words[line.Scope],
            line.Words[line.Scope + 1],
            string.Join(',', line.Words[line.Scope + 2].Split(',').Order(StringComparer.Ordinal))))
        .Order(StringComparer.Ordinal);
}
