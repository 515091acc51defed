using System.Text;
using System.Text.Json;
using EtcdBackupAgent.Objects.Encryption;
using EtcdBackupAgent.Objects.Kinds;
using EtcdBackupAgent.Testing;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.Processes;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.Objects;

/// <summary>Values that Kubernetes' own library encrypts by a configuration decrypt by the same file.</summary>
public sealed class EncryptedPairTests
{
    private const int Values = 200;

    private static readonly string Key16 = Convert.ToBase64String([.. Enumerable.Range(1, 16).Select(i => (byte)i)]);
    private static readonly string Key24 = Convert.ToBase64String([.. Enumerable.Range(2, 24).Select(i => (byte)i)]);
    private static readonly string Key32 = Convert.ToBase64String([.. Enumerable.Range(3, 32).Select(i => (byte)i)]);

    public static TheoryData<string, string> Providers => new()
    {
        { "aescbc", Key16 },
        { "aescbc", Key24 },
        { "aescbc", Key32 },
        { "aesgcm", Key16 },
        { "aesgcm", Key32 },
        { "secretbox", Key32 },
    };

    [Theory]
    [MemberData(nameof(Providers))]
    public async Task Values_of_each_provider_decrypt(string provider, string secret)
    {
        string configuration = $$"""
            apiVersion: apiserver.config.k8s.io/v1
            kind: EncryptionConfiguration
            resources:
            - resources: ["*.*"]
              providers:
              - {{provider}}: {keys: [{name: key-1, secret: {{secret}}}, {name: key-2, secret: {{Key32}}}]}
              - identity: {}
            """;

        IReadOnlyList<(EncryptedLine Line, Decryption Decryption)> values = await EncryptAsync(configuration);

        Assert.Equal(Values, values.Count);
        Assert.All(values, value =>
        {
            Assert.Equal(DecryptionOutcome.Decrypted, value.Decryption.Outcome);
            Assert.Equal(new EncryptedValue(provider, "v1", "key-1"), value.Decryption.Encryption);
            Assert.Equal(value.Line.Plain, value.Decryption.Value.ToArray());
        });
    }

    [Fact]
    public async Task The_entry_of_the_resource_decides_as_on_the_server()
    {
        string configuration = $$"""
            apiVersion: apiserver.config.k8s.io/v1
            kind: EncryptionConfiguration
            resources:
            - resources: [secrets]
              providers:
              - aesgcm: {keys: [{name: same, secret: {{Key32}}}]}
            - resources: ["*.apps", "*.example.com"]
              providers:
              - secretbox: {keys: [{name: same, secret: {{Key32}}}]}
            - resources: ["*."]
              providers:
              - identity: {}
            - resources: ["*.*"]
              providers:
              - aescbc: {keys: [{name: same, secret: {{Key16}}}]}
            """;

        IReadOnlyList<(EncryptedLine Line, Decryption Decryption)> values = await EncryptAsync(configuration);

        Assert.All(values, value => Assert.Equal(value.Line.Plain, value.Decryption.Value.ToArray()));
        Assert.Equal(
            [
                "/configmaps: ",
                "/secrets: aesgcm",
                "apps/deployments: secretbox",
                "batch/jobs: aescbc",
                "example.com/widgets: secretbox",
            ],
            values.Select(value => $"{value.Line.Group}/{value.Line.Resource}: {value.Decryption.Encryption?.Provider}")
                .Distinct()
                .Order(StringComparer.Ordinal));
    }

    private static async Task<IReadOnlyList<(EncryptedLine Line, Decryption Decryption)>> EncryptAsync(
        string configuration)
    {
        using TestDirectory directory = new();
        string file = directory["encryption.yaml"];
        await File.WriteAllTextAsync(file, configuration);
        ToolResult result = await Tool.RunAsync(Peers.ObjectPairs, ["encrypt", file, $"{Values}"]);
        ValueDecryption decryption = new(EncryptionConfiguration.Parse("encryption.yaml", configuration));
        List<(EncryptedLine, Decryption)> values = [];
        foreach (string text in result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            EncryptedLine line = EncryptedLine.Parse(text);
            values.Add((line, decryption.Decrypt(
                Encoding.UTF8.GetBytes(line.Key), new GroupResource(line.Group, line.Resource), line.Stored)));
        }

        return values;
    }

    private sealed record EncryptedLine(string Key, string Group, string Resource, byte[] Stored, byte[] Plain)
    {
        public static EncryptedLine Parse(string text)
        {
            using JsonDocument document = JsonDocument.Parse(text);
            JsonElement root = document.RootElement;
            return new EncryptedLine(
                root.GetProperty("key").GetString()!,
                root.GetProperty("group").GetString()!,
                root.GetProperty("resource").GetString()!,
                root.GetProperty("stored").GetBytesFromBase64(),
                root.GetProperty("plain").GetBytesFromBase64());
        }
    }
}
