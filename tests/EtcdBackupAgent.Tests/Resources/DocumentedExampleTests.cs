using EtcdBackupAgent.Core.Policies;
using Xunit;

namespace EtcdBackupAgent.Tests.Resources;

public sealed class DocumentedExampleTests
{
    [Fact]
    public async Task The_examples_of_the_documentation_are_read_without_a_problem()
    {
        string[] examples = [.. (await ExamplesAsync()).Where(IsDocument)];
        Assert.Equal(2, examples.Length);
        using DirectoryFixture directory = new();
        for (int i = 0; i < examples.Length; i++)
        {
            directory.With($"{i}.yaml", examples[i]);
        }

        ResourceSet set = await directory.ExpectAsync();

        Assert.Equal(
            ["every-six-hours", "once"],
            set.Policies.Keys.Select(name => name.Name).Order(StringComparer.Ordinal));
        BackupPolicy policy = set.Policies[new ResourceName("kubedr-system", "every-six-hours")];
        Assert.Equal(3, policy.EtcdEndpoints.Count);
        Assert.Equal("Europe/Berlin", policy.Schedule!.TimeZone.Id);
        Assert.Equal("clusters/one", set.Locations[policy.Destination].Prefix);
        Assert.All(
            set.Locations.Values,
            location => Assert.Equal("repo_password", Assert.IsType<PassphraseLocation>(location.Encryption).SecretKey)
        );
    }

    [Fact]
    public async Task The_examples_of_fields_are_read_as_parts_of_a_policy()
    {
        string[] examples = [.. (await ExamplesAsync()).Where(example => !IsDocument(example))];
        List<BackupPolicy> read = [];
        foreach (string example in examples)
        {
            using DirectoryFixture directory = new();
            directory.With("disk.yaml", DirectoryFixture.Disk)
                .With("policy.yaml", DirectoryFixture.Policy(example.TrimEnd('\n').Split('\n')));

            string[] problems = example.StartsWith("beforeUpgrade:", StringComparison.Ordinal)
                ? ["Warning: MetadataBackupPolicy kubedr-system/p: spec.beforeUpgrade: has no effect here"]
                : [];
            read.Add((await directory.ExpectAsync(problems)).Policies.Values.Single());
        }

        Assert.Equal(
            ["Management kcm .spec.release", "ConfigMap kubeadm-config .data.ClusterConfiguration.kubernetesVersion"],
            read.Select(policy => policy.BeforeUpgrade).OfType<WatchedField>().Select(field => $"{field}"));
        Assert.Equal(
            (24, 10, 50L << 30, "Europe/Berlin"),
            read.Select(policy => policy.Retention).Where(retention => retention.Hourly is not null).Select(retention =>
                (retention.Hourly!.Value, retention.Yearly!.Value, retention.MaxBytes!.Value, retention.TimeZone.Id))
                .Single());
    }

    private static async Task<IReadOnlyList<string>> ExamplesAsync()
    {
        string text = await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "docs", "policies.md"));
        return
        [
            .. text.Split("```yaml\n").Skip(1).Select(rest => rest[..rest.IndexOf("```", StringComparison.Ordinal)]),
        ];
    }

    private static bool IsDocument(string example) =>
        example.StartsWith("apiVersion:", StringComparison.Ordinal);
}
