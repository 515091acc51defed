using System.Globalization;
using System.Text.Json;
using EtcdBackupAgent.EndToEndTests.Fixtures;
using EtcdBackupAgent.Testing;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.Etcd;
using EtcdBackupAgent.Testing.Processes;
using Xunit;

namespace EtcdBackupAgent.EndToEndTests.CommandLine;

/// <summary><c>inspect</c> shows the facts of a snapshot that its etcd reports.</summary>
public sealed class InspectTests : IDisposable
{
    private const int ColumnsMax = 80;

    private readonly TestDirectory _directory = new();

    [Theory]
    [InlineData("3.4")]
    [InlineData("3.5")]
    public async Task A_file_is_shown_with_the_facts_that_its_etcd_reports(string version)
    {
        EtcdServer etcd = await SharedServers.EtcdAsync(version);
        await etcd.EtcdctlAsync("snapshot", "save", _directory["s.db"]);
        ToolResult result = await Agent.RunAsync(["inspect", _directory["s.db"], "--output", "json"]);
        using JsonDocument document = JsonDocument.Parse(result.Output);
        JsonElement root = document.RootElement;
        Assert.True(root.GetProperty("sound").GetBoolean());
        Assert.Equal("valid", root.GetProperty("trailer").GetString());

        JsonElement content = root.GetProperty("content");
        using JsonDocument status = JsonDocument.Parse(await etcd.EtcdctlAsync("endpoint", "status", "-w", "json"));
        JsonElement header = status.RootElement[0].GetProperty("Status").GetProperty("header");
        Assert.Equal(header.GetProperty("revision").GetInt64(), content.GetProperty("revision").GetInt64());
        string count = await etcd.EtcdctlAsync("get", "", "--from-key", "--limit", "1", "--keys-only", "-w", "fields");
        Assert.Contains($"\"Count\" : {content.GetProperty("keys").GetInt64()}\n", count, StringComparison.Ordinal);
        string member = Assert.Single(content.GetProperty("members").EnumerateArray()).GetProperty("id").GetString()!;
        Assert.Equal(
            header.GetProperty("member_id").GetUInt64(),
            ulong.Parse(member, NumberStyles.HexNumber, CultureInfo.InvariantCulture));
    }

    [Fact]
    public async Task A_snapshot_of_a_repository_is_shown_with_its_hash_in_80_columns()
    {
        using TestRepository repository = await TestRepository.WithSnapshotAsync();
        string text = (await repository.RunAsync("inspect", "latest", "--scratch-dir", _directory.Path)).Output;
        Assert.Contains("HashKv: passed", text, StringComparison.Ordinal);
        Assert.Contains("Revisions: passed", text, StringComparison.Ordinal);
        Assert.All(text.Split('\n'), line => Assert.True(line.TrimEnd().Length <= ColumnsMax, line));
        Assert.Empty(Directory.GetFileSystemEntries(_directory.Path));
    }

    [Fact]
    public async Task Values_that_are_encrypted_at_rest_are_counted_by_resource_and_key()
    {
        await using EtcdServer etcd = await EtcdServer.StartAsync(new EtcdServerOptions { Series = Peers.Etcd35 });
        await etcd.EtcdctlAsync("put", "/registry/secrets/web/a", "k8s:enc:aescbc:v1:key1:0123");
        await etcd.EtcdctlAsync("put", "/registry/secrets/web/a", "k8s:enc:aescbc:v1:key2:0123");
        await etcd.EtcdctlAsync("put", "/registry/secrets/web/b", "k8s:enc:aescbc:v1:key2:0123");
        await etcd.EtcdctlAsync("put", "/registry/configmaps/web/c", "k8s:enc:kms:v2:vault:\u0012\u0004id-1");
        await etcd.EtcdctlAsync("put", "/registry/configmaps/web/d", "plain");
        await etcd.EtcdctlAsync("snapshot", "save", _directory["s.db"]);

        string text = (await Agent.RunAsync(["inspect", _directory["s.db"]])).Output;
        ToolResult json = await Agent.RunAsync(["inspect", _directory["s.db"], "--output", "json"]);

        Assert.Matches(@"configmaps +kms v2, provider 'vault', key ID 'id-1' +1\b", text);
        Assert.Matches(@"secrets +aescbc v1, key 'key1' +1\b", text);
        Assert.Matches(@"secrets +aescbc v1, key 'key2' +2\b", text);
        using JsonDocument document = JsonDocument.Parse(json.Output);
        JsonElement content = document.RootElement.GetProperty("content");
        Assert.Equal(
            [
                "configmaps kms v2 vault id-1 1",
                "secrets aescbc v1 key1  1",
                "secrets aescbc v1 key2  2",
            ],
            content.GetProperty("encryptedValues").EnumerateArray().Select(one =>
                string.Join(' ', one.EnumerateObject().Select(field => field.Value.ToString()))));
        Assert.Equal(0, content.GetProperty("otherEncryptedValues").GetInt64());
    }

    [Fact]
    public async Task A_copy_of_a_members_database_is_sound_without_a_trailer_and_a_wrong_trailer_is_reported()
    {
        EtcdServer etcd = await SharedServers.EtcdAsync("3.5");
        await etcd.EtcdctlAsync("snapshot", "save", _directory["s.db"]);
        byte[] snapshot = await File.ReadAllBytesAsync(_directory["s.db"]);
        await File.WriteAllBytesAsync(_directory["db"], snapshot[..^32]);
        Assert.Contains("none", (await Agent.RunAsync(["inspect", _directory["db"]])).Output, StringComparison.Ordinal);

        snapshot[^1] ^= 1;
        await File.WriteAllBytesAsync(_directory["wrong.db"], snapshot);
        ToolResult wrong = await Agent.RunAsync(["inspect", _directory["wrong.db"]]);
        Assert.Equal(6, wrong.ExitCode);
        Assert.Contains("Trailer: FAILED", wrong.StandardOutput, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_is_not_a_database_exits_with_6_and_a_missing_file_with_2()
    {
        await File.WriteAllTextAsync(_directory["text"], "not a database");
        ToolResult text = await Agent.RunAsync(["inspect", _directory["text"]]);
        Assert.Equal(6, text.ExitCode);
        Assert.Contains("Pages: FAILED", text.StandardOutput, StringComparison.Ordinal);
        ToolResult missing = await Agent.RunAsync(["inspect", _directory["missing"]]);
        Assert.Equal(2, missing.ExitCode);
        Assert.Contains(
            $"error: {_directory["missing"]} cannot be read",
            missing.StandardError,
            StringComparison.Ordinal);
    }

    public void Dispose() => _directory.Dispose();
}
