using System.Text.Json.Nodes;
using EtcdBackupAgent.EndToEndTests.Fixtures;
using EtcdBackupAgent.Testing.Etcd;
using EtcdBackupAgent.Testing.Processes;
using Xunit;

namespace EtcdBackupAgent.EndToEndTests.CommandLine;

/// <summary>Retention by generations, from the options.</summary>
public sealed class RetentionTests
{
    [Fact]
    public async Task A_prune_by_generations_shows_its_reasons_and_removes_what_it_announced()
    {
        EtcdServer etcd = await SharedServers.EtcdAsync("3.5");
        using TestRepository repository = TestRepository.InDirectory();
        _ = (await repository.RunAsync("init", "--unencrypted")).Output;
        foreach (string[] options in (string[][])[[], ["--expires-in", "400d"], ["--max-bytes", "50Gi"]])
        {
            _ = (await repository.RunAsync(["backup", "--policy", "nightly", .. options, .. EtcdArguments.Of(etcd)]))
                .Output;
        }

        string[] rule = ["prune", "--policy", "nightly", "--keep-yearly", "1", "--minimum", "1"];
        JsonNode planned = await ReadAsync(repository, [.. rule, "--dry-run"]);
        JsonNode done = await ReadAsync(repository, rule);
        JsonArray left = (await ReadAsync(repository, ["list"])).AsArray();

        string[] reasons = [.. planned["decisions"]!.AsArray().Select(one => $"{one!["keep"]}: {one["reason"]}")];
        Assert.Equal(3, reasons.Length);
        Assert.Matches(@"^true: newest of \d{4} \(yearly 1 of 1\)$", reasons[0]);
        Assert.Equal(["false: not kept by yearly 1", "false: not kept by yearly 1"], reasons[1..]);
        Assert.Equal(planned["decisions"]!.ToJsonString(), done["decisions"]!.ToJsonString());
        Assert.Single(left);
    }

    [Fact]
    public async Task A_snapshot_shows_when_it_expires()
    {
        EtcdServer etcd = await SharedServers.EtcdAsync("3.5");
        using TestRepository repository = TestRepository.InDirectory();
        _ = (await repository.RunAsync("init", "--unencrypted")).Output;
        _ = (await repository.RunAsync(["backup", "--expires-in", "30d", .. EtcdArguments.Of(etcd)])).Output;

        JsonNode shown = (await ReadAsync(repository, ["show", "latest"]))!;
        string text = (await repository.RunAsync("show", "latest")).Output;

        Assert.Equal(
            TimeSpan.FromDays(30),
            (DateTimeOffset)shown["expiresAt"]! - (DateTimeOffset)shown["startedAt"]!);
        Assert.Contains("Expires:", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--minimum", "3", "--minimum alone removes no snapshot.")]
    [InlineData("--keep-daily", "0", "--keep-daily 0 is not valid: it must be at least 1.")]
    [InlineData("--keep-within", "1y", "--keep-within '1y' is not a duration of at least 60s.")]
    [InlineData("--max-bytes", "1Ti", "--max-bytes '1Ti' is not a size of at least 1Mi.")]
    [InlineData("--time-zone", "Europe/Berln", "did you mean 'Europe/Berlin'?")]
    public async Task A_wrong_option_is_refused(string option, string value, string named)
    {
        using TestRepository repository = TestRepository.InDirectory();
        _ = (await repository.RunAsync("init", "--unencrypted")).Output;

        ToolResult refused = await repository.RunAsync("prune", "--policy", "nightly", option, value);

        Assert.Equal(2, refused.ExitCode);
        Assert.Contains(named, refused.StandardError, StringComparison.Ordinal);
    }

    private static async Task<JsonNode> ReadAsync(TestRepository repository, string[] arguments) =>
        JsonNode.Parse((await repository.RunAsync([.. arguments, "--output", "json"])).Output)!;
}
