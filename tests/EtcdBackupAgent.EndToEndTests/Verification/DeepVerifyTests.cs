using System.Text.Json;
using EtcdBackupAgent.EndToEndTests.Encryption;
using EtcdBackupAgent.EndToEndTests.Failures;
using EtcdBackupAgent.EndToEndTests.Fixtures;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.Etcd;
using EtcdBackupAgent.Testing.Processes;
using Xunit;

namespace EtcdBackupAgent.EndToEndTests.Verification;

/// <summary><c>verify --deep</c> and the use of its result.</summary>
public sealed class DeepVerifyTests : IDisposable
{
    private readonly TestDirectory _directory = new();

    [Theory]
    [InlineData("3.4")]
    [InlineData("3.5")]
    public async Task A_backup_of_a_real_etcd_is_sound_to_its_last_record_and_later_listings_show_it(string version)
    {
        using TestRepository repository = TestRepository.InDirectory();
        string passphrase = _directory.Write("passphrase", "a passphrase for a test");
        _ = (await repository.RunAsync("init", "--passphrase-file", passphrase)).Output;
        string id = await repository.BackUpAsync(
            await SharedServers.EtcdAsync(version),
            "--certs-dir",
            _directory.WritePki("pki"));
        string scratch = _directory.Create("scratch");

        string output = (await repository.RunAsync(
            "verify", "--deep", id, "--passphrase-file", passphrase, "--scratch-dir", scratch)).Output;

        Assert.StartsWith($"{id}: sound\n", output, StringComparison.Ordinal);
        foreach (string part in (string[])["Transfer", "Pages", "Revisions", "HashKv", "Certificates"])
        {
            Assert.Contains($"  {part}: passed, ", output, StringComparison.Ordinal);
        }

        Assert.Empty(Directory.GetFileSystemEntries(scratch));
        Assert.Equal("Sound", await VerificationAsync(repository));
    }

    [Fact]
    public async Task A_database_that_was_damaged_before_its_backup_is_found_and_displaces_no_sound_snapshot()
    {
        EtcdServer etcd = await SharedServers.EtcdAsync("3.5");
        await etcd.EtcdctlAsync("snapshot", "save", _directory["sound.db"]);
        byte[] sound = (await File.ReadAllBytesAsync(_directory["sound.db"]))[..^32];
        byte[] damaged = [.. sound];
        // The last used page belongs to one of the trees; its type becomes invalid.
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

        // A plain verification checks only the stored bytes, and they are correct.
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
    public async Task Without_a_key_or_enough_space_it_reports_the_reason_and_records_nothing()
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
        ToolResult noSpace = await repository.RunAsync(
            "verify", "--deep", "latest", "--passphrase-file", _directory["passphrase"], "--scratch-dir", small.Path);

        Assert.Equal(9, noKey.ExitCode);
        Assert.Equal(7, noSpace.ExitCode);
        Assert.Contains(
            $"The scratch directory {small.Path} cannot hold the database",
            noSpace.StandardError,
            StringComparison.Ordinal);
        Assert.Contains("--scratch-dir", noSpace.StandardError, StringComparison.Ordinal);
        Assert.Null(await VerificationAsync(repository));
    }

    [Fact]
    public async Task A_policy_can_request_it_after_every_backup()
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
