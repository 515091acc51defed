using EtcdBackupAgent.Core.Policies;
using Xunit;

namespace EtcdBackupAgent.Tests.Resources;

public sealed class DocumentedExampleTests
{
    [Fact]
    public async Task The_examples_of_the_documentation_are_read_without_a_problem()
    {
        string text = await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "docs", "policies.md"));
        string[] examples =
        [
            .. text.Split("```yaml\n").Skip(1).Select(rest => rest[..rest.IndexOf("```", StringComparison.Ordinal)]),
        ];
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
}
