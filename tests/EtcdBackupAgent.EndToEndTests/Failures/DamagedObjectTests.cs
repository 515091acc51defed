using System.Text.Json;
using EtcdBackupAgent.EndToEndTests.Fixtures;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.Processes;
using Xunit;

namespace EtcdBackupAgent.EndToEndTests.Failures;

/// <summary>Damages each stored object in every way.</summary>
public sealed class DamagedObjectTests(DamagedRepository damaged) : IClassFixture<DamagedRepository>, IDisposable
{
    private readonly TestDirectory _directory = new();

    [Theory]
    [InlineData("etcd.db.zst", Damage.Flipped, "Complete")]
    [InlineData("etcd.db.zst", Damage.Truncated, "Incomplete")]
    [InlineData("etcd.db.zst", Damage.Empty, "Incomplete")]
    [InlineData("etcd.db.zst", Damage.Missing, "Incomplete")]
    [InlineData("certs.tar.zst", Damage.Flipped, "Complete")]
    [InlineData("certs.tar.zst", Damage.Truncated, "Incomplete")]
    [InlineData("certs.tar.zst", Damage.Missing, "Incomplete")]
    [InlineData("manifest.json", Damage.Flipped, "Unreadable")]
    [InlineData("manifest.json", Damage.Truncated, "Unreadable")]
    [InlineData("manifest.json", Damage.Empty, "Unreadable")]
    public async Task A_damaged_object_is_named_is_not_restored_and_does_not_affect_other_snapshots(
        string name, Damage damage, string status)
    {
        using TestRepository repository = damaged.Copy(name, damage);

        // 1. verify names the object and reports the other snapshot as sound.
        ToolResult verify = await repository.RunAsync("verify", "--all");
        Assert.Equal(6, verify.ExitCode);
        Assert.Contains($"{damaged.Sound}: sound", verify.StandardOutput, StringComparison.Ordinal);
        Assert.Contains($"{damaged.Damaged}: DAMAGED", verify.StandardOutput, StringComparison.Ordinal);
        Assert.Contains($"-{damaged.Damaged}/{name} in ", verify.StandardOutput, StringComparison.Ordinal);

        // 2. restore names it too and leaves nothing.
        string target = _directory["target"];
        ToolResult restore = await repository.RunAsync("restore", damaged.Damaged, "--to", target);
        Assert.Equal(6, restore.ExitCode);
        Assert.Contains($"-{damaged.Damaged}/{name} in ", restore.StandardError, StringComparison.Ordinal);
        Assert.Empty(Directory.Exists(target) ? Directory.GetFileSystemEntries(target) : []);

        // 3. list shows the damage that is visible without reading the data.
        Assert.Equal(
            new Dictionary<string, string> { [damaged.Sound] = "Complete", [damaged.Damaged] = status },
            await StatusAsync(repository));

        // 4. Retention does not count it as a snapshot that can be restored.
        if (status != "Complete")
        {
            _ = (await repository.RunAsync("prune", "--policy", "default", "--retain", "1")).Output;
            string restored = (await repository.RunAsync("restore", "latest", "--to", target)).Output;
            Assert.Contains($"Restore from snapshot {damaged.Sound} completed", restored, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_snapshot_without_its_manifest_does_not_exist()
    {
        using TestRepository repository = damaged.Copy("manifest.json", Damage.Missing);

        Assert.Equal([damaged.Sound], await repository.AllListedRestoreAsync());
        ToolResult restore = await repository.RunAsync("restore", damaged.Damaged, "--to", _directory["target"]);
        Assert.Equal(5, restore.ExitCode);
        _ = (await repository.RunAsync("prune", "--policy", "default", "--retain", "1")).Output;
        Assert.Equal([damaged.Sound], await repository.ListAsync());
        await repository.PruneOneDayLaterLeavesOnlyListedObjectsAsync();
    }

    [Theory]
    [InlineData(Damage.Flipped, 6)]
    [InlineData(Damage.Empty, 6)]
    [InlineData(Damage.Missing, 5)]
    public async Task A_damaged_repository_document_stops_every_verb_and_is_named(Damage damage, int exitCode)
    {
        using TestRepository repository = damaged.Copy("repository.json", damage);
        string[] before = await repository.KeysAsync();
        string[][] verbs =
        [
            ["list"],
            ["verify", "--all"],
            ["restore", "latest", "--to", _directory["target"]],
            ["prune", "--policy", "default", "--retain", "1"],
            ["backup", .. EtcdArguments.Of(await SharedServers.EtcdAsync("3.5"))],
        ];

        foreach (string[] verb in verbs)
        {
            ToolResult result = await repository.RunAsync(verb);
            Assert.Equal(exitCode, result.ExitCode);
            Assert.Contains(
                exitCode == 6 ? "error: repository.json in " : "error: There is no repository at ",
                result.StandardError,
                StringComparison.Ordinal);
        }

        Assert.False(Directory.Exists(_directory["target"]));
        Assert.Equal(before, await repository.KeysAsync());
    }

    public void Dispose() => _directory.Dispose();

    private static async Task<Dictionary<string, string>> StatusAsync(TestRepository repository)
    {
        using JsonDocument list = JsonDocument.Parse((await repository.RunAsync("list", "--output", "json")).Output);
        return list
            .RootElement.EnumerateArray()
            .ToDictionary(
                snapshot => snapshot.GetProperty("id").GetString()!,
                snapshot => snapshot.GetProperty("status").GetString()!);
    }
}
