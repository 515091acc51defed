using System.Text.Json;
using System.Text.RegularExpressions;
using EtcdBackupAgent.EndToEndTests.Fixtures;
using EtcdBackupAgent.EndToEndTests.Worker;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.KubernetesApi;
using EtcdBackupAgent.Testing.Processes;
using Xunit;

namespace EtcdBackupAgent.EndToEndTests.Objects;

/// <summary>The versions of an object in the snapshots and the change log of a real API server's etcd.</summary>
public sealed class ObjectHistoryTests : IAsyncLifetime, IDisposable
{
    private readonly TestDirectory _directory = new();
    private readonly TestRepository _repository = TestRepository.InDirectory();
    private KubernetesApiServer _server = null!;

    public async Task InitializeAsync()
    {
        _server = await KubernetesApiServer.StartAsync();
        await _server.KubectlAsync("create", "namespace", "web");
        _ = (await _repository.RunAsync("init", "--unencrypted")).Output;
    }

    public async Task DisposeAsync() => await _server.DisposeAsync();

    public void Dispose()
    {
        _repository.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public async Task One_snapshot_has_every_version_that_etcd_had_not_compacted()
    {
        await CreateAsync("blue");
        await _server.KubectlAsync("label", "cm", "settings", "-n", "web", "app=shop");
        await _server.KubectlAsync("delete", "cm", "settings", "-n", "web");
        await CreateAsync("red");
        await BackUpAsync();

        ToolResult history = await HistoryAsync();

        Assert.DoesNotContain("warning", history.StandardError, StringComparison.Ordinal);
        const string Expected = """
            ^configmaps web/settings in cluster [0-9a-f]+
            revision \d+, \d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ: created again by kubectl-create \(Update\)
                data.color: "blue" -> "red"
              - metadata.labels: \{"app":"shop"\}
            revision \d+, .*Z: deleted
            revision \d+, .*Z: changed by kubectl-label \(Update\)
              \+ metadata.labels: \{"app":"shop"\}
            revision \d+, .*Z: created by kubectl-create \(Update\)
            '-o yaml' prints all versions.
            $
            """;
        Assert.True(
            Regex.IsMatch(
                history.StandardOutput, Expected, RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(10)),
            history.StandardOutput);
    }

    [Fact]
    public async Task Full_and_incremental_snapshots_are_put_together_and_a_compacted_deletion_is_inferred()
    {
        await CreateAsync("blue");
        await BackUpAsync();
        await SetColorAsync("red");
        await SetColorAsync("green");
        await CompactAsync();
        await BackUpAsync("--incremental");
        await _server.KubectlAsync("delete", "cm", "settings", "-n", "web");
        await _server.KubectlAsync("create", "cm", "other", "-n", "web");
        await CompactAsync();
        await BackUpAsync("--incremental");

        using JsonDocument document = JsonDocument.Parse((await HistoryAsync("-o", "json")).Output);

        JsonElement[] versions = [.. document.RootElement.GetProperty("versions").EnumerateArray()];
        Assert.Equal(["deleted", "changed", "created"], versions.Select(Change));
        Assert.True(
            versions[0].GetProperty("earliestRevision").GetInt64() <= versions[0].GetProperty("revision").GetInt64());
        Assert.False(versions[0].TryGetProperty("sources", out _));
        Assert.Equal(1, versions[1].GetProperty("missingBefore").GetInt64());
        Assert.Equal(
            """[{"change":"changed","path":"data.color","old":"blue","new":"green"}]""",
            JsonSerializer.Serialize(versions[1].GetProperty("fields")));
        Assert.Equal("kubectl-patch", versions[1].GetProperty("manager").GetProperty("name").GetString());
        Assert.Equal("blue", versions[2].GetProperty("object").GetProperty("data").GetProperty("color").GetString());
        Assert.False(versions[2].GetProperty("object").GetProperty("metadata").TryGetProperty("managedFields", out _));
        Assert.StartsWith("snapshot ", versions[2].GetProperty("sources")[0].GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_change_log_has_every_version_and_a_damaged_segment_is_named()
    {
        await using PeerProcess archive = Agent.Start(
            [
                "archive", "--repository", $"file://{_repository.DirectoryPath}",
                "--etcd-endpoint", _server.Etcd.EndpointList, "--close-every", "1s",
            ]);
        await archive.UntilLoggedAsync("is made for the change log");
        await CreateAsync("blue");
        await SetColorAsync("red");
        await _server.KubectlAsync("delete", "cm", "settings", "-n", "web");
        await archive.StopAsync();

        ToolResult whole = await HistoryAsync("-o", "json");
        ToolResult newest = await HistoryAsync("--limit", "1");
        string[] segments = Directory.GetFiles(
            Path.Combine(_repository.DirectoryPath, "changelog"), "*.zst", SearchOption.AllDirectories);
        foreach (string segment in segments)
        {
            byte[] bytes = await File.ReadAllBytesAsync(segment);
            bytes[^5] ^= 1;
            await File.WriteAllBytesAsync(segment, bytes);
        }

        ToolResult damaged = await HistoryAsync();

        using JsonDocument document = JsonDocument.Parse(whole.Output);
        JsonElement[] versions = [.. document.RootElement.GetProperty("versions").EnumerateArray()];
        Assert.Equal(["deleted", "changed", "created"], versions.Select(Change));
        Assert.All(versions, version => Assert.True(
            version.GetProperty("notAfter").GetDateTimeOffset() - version.GetProperty("notBefore").GetDateTimeOffset()
            < TimeSpan.FromMinutes(1)));
        Assert.Matches(@"^configmaps web/settings in cluster \S+\nrevision \d+, .*: deleted\n", newest.StandardOutput);
        Assert.Contains(
            "'objects get --revision N configmaps/settings -n web'", newest.StandardOutput, StringComparison.Ordinal);
        Assert.NotEqual(0, damaged.ExitCode);
        Assert.Contains("warning: The segment ", damaged.StandardError, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_values_of_a_secret_are_masked_in_every_version()
    {
        await _server.ApplyAsync(Secret("correct-horse"));
        await _server.ApplyAsync(Secret("battery-staple"));
        await BackUpAsync();

        foreach (string[] options in new string[][] { [], ["-o", "json", "--include", "all"], ["-o", "yaml"] })
        {
            string output =
                (await _repository.RunAsync(["objects", "history", "secret/p", "-n", "web", .. options])).Output;
            Assert.Contains("***", output, StringComparison.Ordinal);
            foreach (string value in new[] { "correct-horse", "battery-staple" })
            {
                Assert.DoesNotContain(value, output, StringComparison.Ordinal);
                string encoded = Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(value));
                Assert.DoesNotContain(encoded, output, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public async Task Another_cluster_in_the_repository_is_shown_apart()
    {
        await CreateAsync("blue");
        await BackUpAsync();
        await using KubernetesApiServer other = await KubernetesApiServer.StartAsync();
        await other.KubectlAsync("create", "namespace", "web");
        await other.KubectlAsync("create", "cm", "settings", "-n", "web", "--from-literal=color=red");
        _ = (await _repository.RunAsync(["backup", .. EtcdArguments.Of(other.Etcd)])).Output;

        string[] lines = (await HistoryAsync()).Output.Split('\n');

        string[] headers = [.. lines.Where(line => line.StartsWith("configmaps", StringComparison.Ordinal)).Distinct()];
        Assert.Equal(2, headers.Length);
        Assert.Equal(2, lines.Count(line => line.Contains(": created by", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("cm nothing", 5, "has a version of configmaps/nothing in default in the selected time.")]
    [InlineData("cm", 2, "One object must be named.")]
    [InlineData("gadgets one", 2, "There is no kind 'gadgets'")]
    [InlineData("cm one --since yesterday", 2, "--since 'yesterday' is not a time with a date and an offset.")]
    [InlineData("cm one --include state", 2, "--include 'state' is not valid")]
    public async Task A_mistake_gets_an_answer_that_helps(string line, int exitCode, string message)
    {
        await BackUpAsync();

        ToolResult history = await _repository.RunAsync(["objects", "history", .. line.Split(' ')]);

        Assert.Equal(exitCode, history.ExitCode);
        Assert.Contains(message, history.StandardError, StringComparison.Ordinal);
    }

    private static string? Change(JsonElement version) => version.GetProperty("change").GetString();

    private static string Secret(string value) => $$"""
        apiVersion: v1
        kind: Secret
        metadata: {name: p, namespace: web}
        stringData: {password: {{value}}}
        """;

    private Task<string> CreateAsync(string color) =>
        _server.KubectlAsync("create", "cm", "settings", "-n", "web", $"--from-literal=color={color}");

    private Task<string> SetColorAsync(string color) => _server.KubectlAsync(
        "patch", "cm", "settings", "-n", "web", "-p", $$$"""{"data":{"color":"{{{color}}}"}}""");

    private async Task CompactAsync()
    {
        string status = await _server.Etcd.EtcdctlAsync("endpoint", "status", "-w", "json");
        using JsonDocument document = JsonDocument.Parse(status);
        long revision = document.RootElement[0]
            .GetProperty("Status").GetProperty("header").GetProperty("revision").GetInt64();
        await _server.Etcd.EtcdctlAsync("compact", $"{revision}", "--physical");
    }

    private async Task BackUpAsync(params string[] options) =>
        _ = (await _repository.RunAsync(["backup", .. EtcdArguments.Of(_server.Etcd), .. options])).Output;

    private Task<ToolResult> HistoryAsync(params string[] options) =>
        _repository.RunAsync(["objects", "history", "cm", "settings", "-n", "web", .. options]);
}
