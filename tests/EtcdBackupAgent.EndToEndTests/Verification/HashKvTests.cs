using System.Text.Json;
using EtcdBackupAgent.EndToEndTests.Fixtures;
using EtcdBackupAgent.Testing.Etcd;
using EtcdBackupAgent.Testing.Processes;
using Xunit;

namespace EtcdBackupAgent.EndToEndTests.Verification;

/// <summary><c>--hash-kv</c>, and the messages about a backup that has no HashKV because none was requested.</summary>
public sealed class HashKvTests
{
    [Fact]
    public async Task It_is_requested_once_a_day_unless_the_option_differs_and_its_absence_is_not_damage()
    {
        EtcdServer etcd = await SharedServers.EtcdAsync("3.5");
        using TestRepository repository = TestRepository.InDirectory();
        _ = (await repository.RunAsync("init", "--unencrypted")).Output;

        Assert.Null(await MissingAsync(repository, etcd));
        string notDue = (await MissingAsync(repository, etcd))!;
        Assert.StartsWith(
            "HashKV was not due: the policy requests it daily (hashKV: Daily), and snapshot ",
            notDue,
            StringComparison.Ordinal);
        Assert.Contains(notDue, (await repository.RunAsync("show", "latest")).Output, StringComparison.Ordinal);
        string verified = (await repository.RunAsync("verify", "--deep", "latest")).Output;
        Assert.Contains($"HashKv: not checked, {notDue.TrimEnd('.')}", verified, StringComparison.Ordinal);
        Assert.Null(await MissingAsync(repository, etcd, "--hash-kv", "after-backup"));
        Assert.Equal(
            "The policy does not request HashKV (hashKV: Never).",
            await MissingAsync(repository, etcd, "--hash-kv", "never"));

        ToolResult wrong = await repository.RunAsync(["backup", "--hash-kv", "afterbackup", .. EtcdArguments.Of(etcd)]);
        Assert.Equal(2, wrong.ExitCode);
        Assert.Contains(
            "--hash-kv 'afterbackup' is not valid: allowed are daily, after-backup, never.",
            wrong.StandardError,
            StringComparison.Ordinal);
    }

    /// <summary>Backs up without a warning and returns <c>etcd.hashKvMissing</c>.</summary>
    private static async Task<string?> MissingAsync(TestRepository repository, EtcdServer etcd, params string[] options)
    {
        ToolResult backup = await repository.RunAsync(
            ["backup", "--output", "json", .. options, .. EtcdArguments.Of(etcd)]);
        using JsonDocument manifest = JsonDocument.Parse(backup.Output);
        Assert.DoesNotContain("warning", backup.StandardError, StringComparison.OrdinalIgnoreCase);
        JsonElement member = manifest.RootElement.GetProperty("etcd");
        bool isMissing = member.TryGetProperty("hashKvMissing", out JsonElement missing);
        Assert.NotEqual(member.TryGetProperty("hashKv", out _), isMissing);
        return isMissing ? missing.GetString() : null;
    }
}
