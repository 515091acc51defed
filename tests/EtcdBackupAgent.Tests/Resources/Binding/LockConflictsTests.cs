using EtcdBackupAgent.Core.Policies;
using Xunit;

namespace EtcdBackupAgent.Tests.Resources.Binding;

/// <summary>Policies whose fields contradict the lock of their location.</summary>
public sealed class LockConflictsTests
{
    [Theory]
    [InlineData("retention: {last: 3, ttl: 29d}", "spec.retention: ttl is shorter than the 30 days for which")]
    [InlineData("increments: {fullEvery: 721h}", "spec.increments: fullEvery is longer than the 30 days for which")]
    public async Task A_policy_that_the_lock_contradicts_is_refused(string field, string problem)
    {
        ResourceSet set = await LoadAsync("Compliance", field);

        ResourceProblem only = Assert.Single(set.Problems);
        Assert.Equal(ProblemSeverity.Error, only.Severity);
        Assert.Contains(problem, only.ToString(), StringComparison.Ordinal);
        Assert.Contains("BackupLocation kubedr-system/l", only.Message, StringComparison.Ordinal);
        Assert.Empty(set.Policies);
    }

    [Theory]
    [InlineData("retention: {last: 3, maxBytes: 1Gi}", "spec.retention: maxBytes removes no snapshot during")]
    [InlineData("changeLog: {keep: 24h}", "spec.changeLog: keep is shorter than the 30 days")]
    public async Task A_field_that_the_lock_delays_is_a_warning(string field, string problem)
    {
        ResourceSet set = await LoadAsync("Compliance", field);

        ResourceProblem only = Assert.Single(set.Problems);
        Assert.Equal(ProblemSeverity.Warning, only.Severity);
        Assert.Contains(problem, only.ToString(), StringComparison.Ordinal);
        Assert.Single(set.Policies);
    }

    [Fact]
    public async Task A_policy_that_the_lock_does_not_contradict_has_no_problem() =>
        Assert.Empty((await LoadAsync("Compliance", "retention: {last: 3, ttl: 30d}")).Problems);

    [Fact]
    public async Task Governance_is_a_warning_because_full_keys_lift_it()
    {
        ResourceProblem only = Assert.Single((await LoadAsync("Governance", "retention: {last: 3}")).Problems);

        Assert.Equal(ProblemSeverity.Warning, only.Severity);
        Assert.Contains(
            "spec.objectLock.mode: Governance withstands nobody with full keys",
            only.ToString(),
            StringComparison.Ordinal);
    }

    private static async Task<ResourceSet> LoadAsync(string mode, string field)
    {
        using DirectoryFixture directory = new();
        directory
            .With(
                "l.yaml",
                DirectoryFixture.Location(
                    "url: https://s3.example.com",
                    "bucketName: vault",
                    "credentials: c",
                    $"objectLock: {{mode: {mode}, days: 30}}"),
                DirectoryFixture.Secret("c", "access_key", "secret_key"))
            .With("p.yaml", DirectoryFixture.Policy("destination: l", field));
        return await directory.LoadAsync();
    }
}
