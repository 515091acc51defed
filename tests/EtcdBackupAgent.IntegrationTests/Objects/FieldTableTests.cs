using System.IO.Compression;
using EtcdBackupAgent.Objects.Tables;
using EtcdBackupAgent.Testing;
using EtcdBackupAgent.Testing.Processes;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.Objects;

/// <summary>The committed field table is what its generator makes of Kubernetes' libraries.</summary>
public sealed class FieldTableTests
{
    [Fact]
    public async Task The_generator_writes_the_committed_table()
    {
        string resources = Path.Combine(AppContext.BaseDirectory, "field-table", "resources.txt");
        ToolResult result = await Tool.RunAsync(
            Peers.FieldTableGenerator,
            [
                "-sources", Peers.KubernetesSources, "-resources", resources,
                "-version", FieldTable.Kubernetes.KubernetesVersion,
            ]);

        string committed = await CommittedAsync();

        Assert.Equal(committed.Split('\n'), result.Output.Split('\n'));
    }

    [Fact]
    public void The_committed_table_has_the_version_of_the_libraries() =>
        Assert.StartsWith(
            $"{FieldTable.Kubernetes.KubernetesVersion}-", Peers.KubernetesLibrariesVersion, StringComparison.Ordinal);

    private static async Task<string> CommittedAsync()
    {
        await using Stream packed = typeof(FieldTable).Assembly.GetManifestResourceStream("field-table.gz")!;
        await using GZipStream text = new(packed, CompressionMode.Decompress);
        using StreamReader reader = new(text);
        return await reader.ReadToEndAsync();
    }
}
