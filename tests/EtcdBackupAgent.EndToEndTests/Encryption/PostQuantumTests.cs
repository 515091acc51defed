using EtcdBackupAgent.EndToEndTests.Fixtures;
using EtcdBackupAgent.Testing;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.Processes;
using Xunit;

namespace EtcdBackupAgent.EndToEndTests.Encryption;

/// <summary>Repositories with post-quantum keys, and the way of an existing repository to them.</summary>
public sealed class PostQuantumTests : IDisposable
{
    private const string Passphrase = "a passphrase of a repository that goes over";

    private readonly TestDirectory _directory = new();

    [Theory]
    [InlineData(StoreKind.Directory)]
    [InlineData(StoreKind.S3)]
    public async Task A_post_quantum_recipient_round_trips_and_stock_age_opens_the_snapshot(StoreKind kind)
    {
        OwnIdentity own = await _directory.WritePostQuantumIdentityAsync("own");
        OwnIdentity stranger = await _directory.WritePostQuantumIdentityAsync("stranger");
        using TestRepository repository = await TestRepository.NewAsync(kind);

        string created = (await repository.RunAsync("init", "--recipient", own.Recipient)).Output;
        string id = await repository.BackUpAsync(
            await SharedServers.EtcdAsync("3.5"), "--recipient", own.Recipient);
        _ = (await repository.RunAsync("verify", id, "--deep", "--identity-file", own.File)).Output;
        await repository.RestoresAsync(["--identity-file", own.File]);
        await repository.RefusesAsync("none of the given keys opens it", "--identity-file", stranger.File);

        Assert.Contains(
            $"encrypted to {own.Recipient[..20]}…{own.Recipient[^8..]}.", created, StringComparison.Ordinal);
        string listed = (await repository.RunAsync("key", "list", "--output", "json")).Output;
        Assert.Contains(own.Recipient, listed, StringComparison.Ordinal);
        string artifact = (await repository.KeysAsync())
            .Single(key => key.EndsWith(".db.zst.age", StringComparison.Ordinal));
        await StockAgeOpensAsync(repository, artifact, own.File);
    }

    [Fact]
    public async Task A_passphrase_opens_a_post_quantum_key()
    {
        string file = _directory.Write("passphrase", Passphrase);
        using TestRepository repository = TestRepository.InDirectory();

        _ = (await repository.RunAsync("init", "--passphrase-file", file, "--post-quantum")).Output;
        _ = await repository.BackUpAsync(await SharedServers.EtcdAsync("3.5"));
        await repository.RestoresAsync(["--passphrase-file", file]);

        Assert.StartsWith(
            "recipient age1pq1", (await repository.RunAsync("key", "list")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Kinds_are_not_mixed_and_post_quantum_needs_a_passphrase()
    {
        OwnIdentity own = await _directory.WriteIdentityAsync("own");
        OwnIdentity next = await _directory.WritePostQuantumIdentityAsync("next");
        using TestRepository repository = TestRepository.InDirectory();

        foreach (string[] refused in (string[][])
        [
            ["init", "--recipient", own.Recipient, "--recipient", next.Recipient],
            ["init", "--recipient", next.Recipient, "--post-quantum"],
            ["init", "--unencrypted", "--post-quantum"],
        ])
        {
            Assert.Equal(2, (await repository.RunAsync(refused)).ExitCode);
            Assert.False(Directory.Exists(Path.Combine(repository.DirectoryPath, "keys")));
            Assert.False(File.Exists(Path.Combine(repository.DirectoryPath, "repository.json")));
        }

        _ = (await repository.RunAsync("init", "--recipient", own.Recipient)).Output;
        ToolResult added = await repository.RunAsync(
            "key", "add-recipient", next.Recipient, "--identity-file", own.File);
        Assert.Equal(2, added.ExitCode);
        Assert.Contains("key replace-recipients", added.StandardError, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_repository_goes_over_and_each_identity_restores_the_snapshots_of_its_time()
    {
        OwnIdentity own = await _directory.WriteIdentityAsync("own");
        OwnIdentity next = await _directory.WritePostQuantumIdentityAsync("next");
        using TestRepository repository = TestRepository.InDirectory();
        _ = (await repository.RunAsync("init", "--recipient", own.Recipient)).Output;
        string earlier = await repository.BackUpAsync(await SharedServers.EtcdAsync("3.5"));
        string[] replace = ["key", "replace-recipients", next.Recipient];

        (await repository.RunAsync(replace)).RefusedForTheKey("no key was given");
        (await repository.RunAsync([.. replace, "--identity-file", next.File])).RefusedForTheKey("is a recipient of");
        Assert.Equal(2, (await repository.RunAsync("key", "replace-recipients", "--identity-file", own.File)).ExitCode);
        string printed = (await repository.RunAsync([.. replace, "--identity-file", own.File])).Output;
        string later = await repository.BackUpAsync(await SharedServers.EtcdAsync("3.5"));

        Assert.Contains("Only the previous keys open the existing snapshots", printed, StringComparison.Ordinal);
        string both = _directory.Write("both", $"{next.Secret}\n{own.Secret}\n");
        await RestoresAsync(repository, earlier, own.File);
        await RestoresAsync(repository, later, next.File);
        await RestoresAsync(repository, earlier, both);
        await RestoresAsync(repository, later, both);
        Assert.Equal(9, (await RestoreAsync(repository, later, own.File)).ExitCode);
        Assert.Equal(9, (await RestoreAsync(repository, earlier, next.File)).ExitCode);
    }

    [Fact]
    public async Task A_location_with_a_passphrase_goes_over_with_its_pin_and_the_passphrase_restores_all()
    {
        using EncryptedLocation location = await EncryptedLocation.NewAsync(
            encryption: null,
            new Dictionary<string, string>(StringComparer.Ordinal) { ["repo_password"] = Passphrase });
        _ = (await location.InitAsync()).Output;
        _ = (await location.BackUpAsync()).Output;
        string pinned = await File.ReadAllTextAsync(location.PinFile);

        string printed =
            (await location.RunAsync("key", "replace-recipients", "--post-quantum", "--location", "disk")).Output;
        _ = (await location.BackUpAsync()).Output;

        Assert.Contains("The pin of the location was replaced.", printed, StringComparison.Ordinal);
        Assert.DoesNotContain("age1pq1", pinned, StringComparison.Ordinal);
        Assert.Contains("age1pq1", await File.ReadAllTextAsync(location.PinFile), StringComparison.Ordinal);
        string[] ids =
        [
            .. (await location.Repository.KeysAsync())
                .Where(key => key.EndsWith("manifest.json", StringComparison.Ordinal))
                .Select(key => key.Split('/')[1].Split('-')[1]),
        ];
        Assert.Equal(2, ids.Length);
        string file = _directory.Write("passphrase", Passphrase);
        foreach (string id in ids)
        {
            _ = (await location.Repository.RunAsync(
                "restore", id, "--to", _directory[$"restored-{id}"], "--passphrase-file", file)).Output;
            Refusals.Restored(_directory[$"restored-{id}"]);
        }

        Assert.Single(
            await location.Repository.KeysAsync(), key => key.StartsWith("keys/", StringComparison.Ordinal));
    }

    public void Dispose() => _directory.Dispose();

    private string TargetOf(string id, string identityFile) =>
        _directory[$"{id}-{Path.GetFileName(identityFile)}"];

    private Task<ToolResult> RestoreAsync(TestRepository repository, string id, string identityFile) =>
        repository.RunAsync("restore", id, "--to", TargetOf(id, identityFile), "--identity-file", identityFile);

    private async Task RestoresAsync(TestRepository repository, string id, string identityFile)
    {
        _ = (await RestoreAsync(repository, id, identityFile)).Output;
        Refusals.Restored(TargetOf(id, identityFile));
    }

    private async Task StockAgeOpensAsync(TestRepository repository, string key, string identityFile)
    {
        await using (Stream stored = await repository.Store.OpenReadAsync(
            new EtcdBackupAgent.Core.Stores.ObjectKey(key), range: null, CancellationToken.None))
        await using (FileStream copy = File.Create(_directory["etcd.db.zst.age"]))
        {
            await stored.CopyToAsync(copy);
        }

        ToolResult opened = await Tool.RunAsync(
            Peers.Age13.Age,
            ["-d", "-i", identityFile, "-o", _directory["etcd.db.zst"], _directory["etcd.db.zst.age"]]);
        Assert.True(opened.ExitCode == 0, opened.StandardError);

        // The magic number of zstd (RFC 8878).
        Assert.Equal([0x28, 0xB5, 0x2F, 0xFD], (await File.ReadAllBytesAsync(_directory["etcd.db.zst"]))[..4]);
    }
}
