using System.Text.Json;
using System.Text.Json.Nodes;
using EtcdBackupAgent.EndToEndTests.Fixtures;
using EtcdBackupAgent.Testing;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.Etcd;
using EtcdBackupAgent.Testing.Processes;
using Xunit;

namespace EtcdBackupAgent.EndToEndTests.CommandLine;

/// <summary>Documents for programs, lines for pipes, bars and colours for people.</summary>
public sealed class OutputTests : IDisposable
{
    private const char Escape = '\u001b';

    private readonly TestDirectory _directory = new();

    [Fact]
    public async Task With_json_every_verb_prints_one_document_and_nothing_else()
    {
        EtcdServer etcd = await SharedServers.EtcdAsync("3.5");
        using TestRepository repository = TestRepository.InDirectory();
        string[][] verbs =
        [
            ["init", "--unencrypted"],
            ["backup", "--retain", "3", .. EtcdArguments.Of(etcd)],
            ["list"],
            ["show", "latest"],
            ["verify", "latest"],
            ["verify", "--all"],
            ["restore", "latest", "--to", _directory["out"]],
            ["prune", "--dry-run"],
            ["delete", "latest", "--yes"],
            ["list"],
        ];
        foreach (string[] verb in verbs)
        {
            string output = (await repository.RunAsync([.. verb, "--output", "json"])).Output;
            using JsonDocument document = JsonDocument.Parse(output);
            Assert.True(
                document.RootElement.ValueKind is JsonValueKind.Object or JsonValueKind.Array, string.Join(' ', verb));
        }
    }

    [Fact]
    public async Task Printed_documents_equal_the_stored_ones()
    {
        EtcdServer etcd = await SharedServers.EtcdAsync("3.5");
        using TestRepository repository = TestRepository.InDirectory();
        JsonNode made = await PrintedAsync(repository, "init", "--unencrypted");
        JsonNode manifest = await PrintedAsync(repository, ["backup", .. EtcdArguments.Of(etcd)]);
        JsonNode verified = await PrintedAsync(repository, "verify", "latest", "--deep");
        JsonNode shown = await PrintedAsync(repository, "show", "latest");
        JsonNode listed = await PrintedAsync(repository, "list");
        JsonNode stored = await StoredAsync(repository, "/manifest.json");
        JsonNode record = await StoredAsync(repository, "/verification-");

        AssertSame(stored, manifest);
        AssertSame(record, verified[0]!["verification"]!);
        AssertSame((await StoredAsync(repository, "repository.json"))["id"]!, made["id"]!);
        foreach (JsonObject snapshot in new[] { shown.AsObject(), listed[0]!.AsObject() })
        {
            AssertSame(record, snapshot["verification"]!);
            Assert.True(snapshot.Remove("verification") & snapshot.Remove("status"));
            AssertSame(stored, snapshot);
        }
    }

    [Fact]
    public async Task A_pipe_gets_plain_lines()
    {
        using TestRepository repository = await TestRepository.WithSnapshotAsync();
        string[] lines = (await repository.RunAsync("list")).Output.TrimEnd('\n').Split('\n');

        Assert.Equal(2, lines.Length);
        Assert.Matches(
            "^ID +STARTED +AGE +POLICY +CLUSTER +REVISION +SIZE +STORED +REASON +VERIFIED +STATUS *$",
            lines[0]);
        Assert.Matches("^[0-9a-f]{8} .*Z .* kubedr-system/default .* MiB .* on-demand +- +Complete *$", lines[1]);

        ToolResult verify = await repository.RunAsync("verify", "latest");
        Assert.Matches("^etcd database: [0-9.]+ MiB done\n$", verify.StandardError);
        Assert.DoesNotContain(Escape, verify.StandardOutput);
    }

    [Fact]
    public async Task A_terminal_gets_a_progress_bar_and_the_document_stays_clean()
    {
        using TestRepository repository = await TestRepository.WithSnapshotAsync();
        string screen = await OnTerminalAsync(
            $"verify latest --output json {string.Join(' ', repository.Options)} >{_directory["out.json"]}");

        Assert.Contains($"etcd database {Escape}[", screen, StringComparison.Ordinal);
        Assert.Contains('━', screen);
        Assert.Contains("100%", screen, StringComparison.Ordinal);
        using JsonDocument document = JsonDocument.Parse(await File.ReadAllTextAsync(_directory["out.json"]));
        Assert.True(document.RootElement[0].GetProperty("sound").GetBoolean());
    }

    [Fact]
    public async Task A_narrow_terminal_shows_each_snapshot_on_one_line()
    {
        using TestRepository repository = await TestRepository.WithSnapshotAsync();
        string[] lines = (await OnTerminalAsync($"list {string.Join(' ', repository.Options)}")).TrimEnd().Split('\n');

        Assert.Equal(2, lines.Length);
        Assert.Contains("REVISION", lines[0], StringComparison.Ordinal);
        Assert.DoesNotContain("CLUSTER", lines[0], StringComparison.Ordinal);
        Assert.Contains("kubedr-system/default", lines[1], StringComparison.Ordinal);
        Assert.Contains("Complete", lines[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_log_names_the_chosen_member_as_text_or_as_JSON()
    {
        EtcdServer etcd = await SharedServers.EtcdAsync("3.5");
        using TestRepository repository = await TestRepository.WithSnapshotAsync();
        ToolResult text = await repository.RunAsync([
            "backup",
            "--log-level",
            "information",
            .. EtcdArguments.Of(etcd),
        ]);
        Assert.Matches($"(?m)^[0-9T:.-]+Z info: .*{etcd.Endpoints[0].Authority}", text.StandardError);
        Assert.DoesNotContain(
            "info:",
            (await repository.RunAsync(["backup", .. EtcdArguments.Of(etcd)])).StandardError,
            StringComparison.Ordinal);

        ToolResult json = await repository.RunAsync(
            ["backup", "--log-level", "information", "--log-format", "json", .. EtcdArguments.Of(etcd)]);
        string[] events = [.. json.StandardError.Split('\n').Where(line => line.StartsWith('{'))];
        Assert.NotEmpty(events);
        foreach (string line in events)
        {
            using JsonDocument document = JsonDocument.Parse(line);
            Assert.Equal("Information", document.RootElement.GetProperty("LogLevel").GetString());
        }

        Assert.Contains(events, line => line.Contains(etcd.Endpoints[0].Authority, StringComparison.Ordinal));
    }

    public void Dispose() => _directory.Dispose();

    private static async Task<JsonNode> PrintedAsync(TestRepository repository, params IEnumerable<string> verb) =>
        JsonNode.Parse((await repository.RunAsync([.. verb, "--output", "json"])).Output)!;

    /// <summary>Reads the only object whose key contains the text, and checks its digest.</summary>
    private static async Task<JsonNode> StoredAsync(TestRepository repository, string inKey)
    {
        string key = (await repository.KeysAsync()).Single(k => k.Contains(inKey, StringComparison.Ordinal));
        string document = System.Text.Encoding.UTF8.GetString(await repository.ReadAsync(key));
        Assert.Equal(StoredDocument.DigestOf(document), StoredDocument.DigestIn(document));
        return JsonNode.Parse(document)!;
    }

    private static void AssertSame(JsonNode stored, JsonNode printed) =>
        Assert.Equal(stored.ToJsonString(), printed.ToJsonString());

    /// <summary>The output of the agent on a terminal of 80 columns.</summary>
    private static async Task<string> OnTerminalAsync(string arguments)
    {
        Dictionary<string, string?> environment = new(StringComparer.Ordinal)
        {
            ["TERM"] = "xterm-256color",
            ["NO_COLOR"] = null,
        };
        ToolResult result = await Tool.RunAsync(
            Peers.Installed("script"),
            ["-qec", $"stty cols 80; '{Agent.Path}' {arguments}", "/dev/null"],
            Agent.Environment(environment));
        return result.Output;
    }
}
