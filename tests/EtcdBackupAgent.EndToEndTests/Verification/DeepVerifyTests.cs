using System.Text.Json;
using EtcdBackupAgent.EndToEndTests.Encryption;
using EtcdBackupAgent.EndToEndTests.Failures;
using EtcdBackupAgent.EndToEndTests.Fixtures;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.Etcd;
using EtcdBackupAgent.Testing.Processes;
using Xunit;

namespace EtcdBackupAgent.EndToEndTests.Verification;

/// <summary><c>verify --deep</c>, and what becomes of its result.</summary>
public sealed class DeepVerifyTests : IDisposable
{
    private readonly TestDirectory _directory = new();

    [Theory]
    [InlineData("3.4")]
    [InlineData("3.5")]
    public async Task A_backup_of_a_real_etcd_is_sound_to_its_last_record_and_says_so_from_then_on(string version)
    {
        using TestRepository repository = TestRepository.InDirectory();
        string passphrase = _directory.Write("passphrase", "a passphrase for a test");
        _ = (await repository.RunAsync("init", "--passphrase-file", passphrase)).Output;
        string id = await repository.BackUpAsync(
            await SharedServers.EtcdAsync(version),
            "--certs-dir",
            _directory.WritePki("pki"));
        string scratch = _directory.Create("scratch");

        string said = (await repository.RunAsync(
            "verify", "--deep", id, "--passphrase-file", passphrase, "--scratch-dir", scratch)).Output;

        Assert.StartsWith($"{id}: sound\n", said, StringComparison.Ordinal);
        foreach (string part in (string[])["Transfer", "Pages", "Revisions", "HashKv", "Certificates"])
        {
            Assert.Contains($"  {part}: passed, ", said, StringComparison.Ordinal);
        }

        Assert.Empty(Directory.GetFileSystemEntries(scratch));
        Assert.Equal("Sound", await VerificationAsync(repository));
    }

    [Fact]
    public async Task A_database_that_was_damaged_before_it_was_backed_up_is_found_and_pushes_no_good_one_out()
    {
        EtcdServer etcd = await SharedServers.EtcdAsync("3.5");
        await etcd.EtcdctlAsync("snapshot", "save", _directory["sound.db"]);
        byte[] sound = (await File.ReadAllBytesAsync(_directory["sound.db"]))[..^32];
        byte[] damaged = [.. sound];
        // The last page in use is of one of the trees: its type is no longer one.
        Array.Fill(damaged, (byte)0xEE, damaged.Length - 4096 + 8, 2);
        for (int page = 2; page < damaged.Length / 4096; page++)
        {
            damaged[(page * 4096) + 8] = 0xEE;
        }

        using TestRepository repository = TestRepository.InDirectory();
        await PastBackups.MakeAsync(repository.Store, "nightly", null, () => sound, TimeSpan.FromHours(3));
        await PastBackups.MakeAsync(
            repository.Store,
            "nightly",
            null,
            () => damaged,
            TimeSpan.FromHours(2),
            TimeSpan.FromHours(1));

        // A plain verification sees the bytes that were stored, and they are right.
        Assert.Equal(0, (await repository.RunAsync("verify", "--all")).ExitCode);
        ToolResult deep = await repository.RunAsync("verify", "--deep", "--all");

        Assert.Equal(6, deep.ExitCode);
        Assert.Contains("DAMAGED", deep.StandardOutput, StringComparison.Ordinal);
        Assert.Contains("page ", deep.StandardOutput, StringComparison.Ordinal);
        Assert.Contains("damaged", (await repository.RunAsync("list")).Output, StringComparison.OrdinalIgnoreCase);
        using JsonDocument before = JsonDocument.Parse((await repository.RunAsync("list", "--output", "json")).Output);
        string oldest = before.RootElement[0].GetProperty("id").GetString()!;

        _ = (await repository.RunAsync("prune", "--policy", "default/nightly", "--retain", "1")).Output;

        using JsonDocument after = JsonDocument.Parse((await repository.RunAsync("list", "--output", "json")).Output);
        Assert.Contains(oldest, after.RootElement.EnumerateArray().Select(s => s.GetProperty("id").GetString()));
    }

    [Fact]
    public async Task Without_a_key_or_room_it_says_so_and_records_nothing()
    {
        using TestRepository repository = TestRepository.InDirectory();
        _ = (
            await repository.RunAsync(
                "init",
                "--passphrase-file",
                _directory.Write("passphrase", "a passphrase for a test"))).Output;
        _ = await repository.BackUpAsync(await SharedServers.EtcdAsync("3.5"));
        await using MountedDirectory small = await MountedDirectory.CreateAsync("size=64k");

        ToolResult noKey = await repository.RunAsync("verify", "--deep", "latest");
        ToolResult noRoom = await repository.RunAsync(
            "verify", "--deep", "latest", "--passphrase-file", _directory["passphrase"], "--scratch-dir", small.Path);

        Assert.Equal(9, noKey.ExitCode);
        Assert.Equal(7, noRoom.ExitCode);
        Assert.Contains(
            $"The scratch directory {small.Path} cannot hold the database",
            noRoom.StandardError,
            StringComparison.Ordinal);
        Assert.Contains("--scratch-dir", noRoom.StandardError, StringComparison.Ordinal);
        Assert.Null(await VerificationAsync(repository));
    }

    [Fact]
    public async Task A_policy_can_ask_for_it_after_every_backup()
    {
        Dictionary<string, string> secret = new(StringComparer.Ordinal)
        {
            ["repo_password"] = PassphraseRepository.Passphrase,
        };
        using EncryptedLocation location = await EncryptedLocation.NewAsync(
            encryption: null,
            secret,
            verify: "AfterBackup");
        _ = (await location.InitAsync()).Output;

        _ = (await location.BackUpAsync()).Output;

        Assert.Equal("Sound", await VerificationAsync(location.Repository));
    }

    public void Dispose() => _directory.Dispose();

    private static async Task<string?> VerificationAsync(TestRepository repository)
    {
        using JsonDocument list = JsonDocument.Parse((await repository.RunAsync("list", "--output", "json")).Output);
        return list.RootElement[0].TryGetProperty("verification", out JsonElement verification)
            && verification.ValueKind == JsonValueKind.Object
            ? verification.GetProperty("result").GetString()
            : null;
    }
}
