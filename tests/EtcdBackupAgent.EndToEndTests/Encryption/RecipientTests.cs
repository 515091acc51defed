using EtcdBackupAgent.EndToEndTests.Fixtures;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.Etcd;
using EtcdBackupAgent.Testing.Processes;
using Xunit;

namespace EtcdBackupAgent.EndToEndTests.Encryption;

/// <summary>Backups to public keys whose owners keep the identity, on both kinds of store.</summary>
public sealed class RecipientTests : IDisposable
{
    private readonly TestDirectory _directory = new();

    [Theory]
    [InlineData(StoreKind.Directory)]
    [InlineData(StoreKind.S3)]
    public async Task Only_an_identity_of_a_recipient_opens_the_repository_and_it_contains_no_key(StoreKind kind)
    {
        EtcdServer etcd = await SharedServers.EtcdAsync("3.5");
        OwnIdentity first = await _directory.WriteIdentityAsync("first");
        OwnIdentity second = await _directory.WriteIdentityAsync("second");
        OwnIdentity stranger = await _directory.WriteIdentityAsync("stranger");
        string pki = _directory.WritePki("pki");
        using TestRepository repository = await TestRepository.NewAsync(kind);

        _ = (await repository.RunAsync("init", "--recipient", first.Recipient, "--recipient", second.Recipient)).Output;
        string id = await repository.BackUpAsync(
            etcd, "--certs-dir", pki, "--recipient", second.Recipient, "--recipient", first.Recipient);

        Assert.DoesNotContain(await repository.KeysAsync(), key => key.StartsWith("keys/", StringComparison.Ordinal));
        Assert.Contains(id, (await repository.RunAsync("list")).Output, StringComparison.Ordinal);
        Assert.DoesNotContain(
            "not checked",
            (await repository.RunAsync("verify", id, "--identity-file", second.File)).Output,
            StringComparison.Ordinal);
        await repository.RestoresAsync(["--identity-file", first.File]);
        await repository.RestoresAsync(
            [],
            new Dictionary<string, string?>(StringComparer.Ordinal) { ["ETCD_BACKUP_IDENTITY_FILE"] = second.File });
        await repository.RefusesAsync("none of the given keys opens it", "--identity-file", stranger.File);
        await repository.RefusesAsync(
            "no key that a passphrase could open",
            "--passphrase-file",
            _directory.Write("passphrase", "something"));
        (
            await repository.RunAsync(["backup", "--recipient", first.Recipient, .. EtcdArguments.Of(etcd)])
        ).RefusedForTheKey("other recipients are expected");
        Assert.Single(await repository.KeysAsync(), key => key.EndsWith("manifest.json", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_passphrase_on_a_bucket_round_trips_with_the_certificates()
    {
        using TestRepository repository = await TestRepository.NewAsync(StoreKind.S3);
        string file = _directory.Write("passphrase", "of the bucket, with spaces");
        string pki = _directory.WritePki("pki");
        _ = (await repository.RunAsync("init", "--passphrase-file", file)).Output;
        string id = await repository.BackUpAsync(await SharedServers.EtcdAsync("3.4"), "--certs-dir", pki);

        _ = (await repository.RunAsync("restore", id, "--to", _directory["out"], "--passphrase-file", file)).Output;

        Refusals.Restored(_directory["out"]);
        Assert.Equal(TestTree.Describe(pki), TestTree.Describe(_directory["out/certificates"]));
        await repository.RefusesAsync("opens none", "--passphrase-file", _directory.Write("wrong", "of the bucket"));
    }

    [Fact]
    public async Task An_encrypted_identity_is_opened_with_its_passphrase()
    {
        OwnIdentity own = await _directory.WriteIdentityAsync("own");
        string sealedFile = await _directory.SealAsync(own, "the identity's own");
        using TestRepository repository = TestRepository.InDirectory();
        _ = (await repository.RunAsync("init", "--recipient", own.Recipient)).Output;
        _ = await repository.BackUpAsync(await SharedServers.EtcdAsync("3.5"));

        await repository.RestoresAsync(
            ["--identity-file", sealedFile, "--passphrase-file", _directory.Write("passphrase", "the identity's own")]);
        await repository.RefusesAsync(
            "cannot be used", "--identity-file", sealedFile, "--passphrase-file", _directory.Write("wrong", "another"));
        string command = $"{Agent.Path} restore latest --to {_directory["typed"]} --identity-file {sealedFile} "
            + string.Join(' ', repository.Options);
        ToolResult typed = await Terminal.RunAsync(command, [($"Passphrase of {sealedFile}: ", "the identity's own")]);
        Assert.True(typed.ExitCode == 0, typed.StandardOutput);
        Refusals.Restored(_directory["typed"]);
        Assert.DoesNotContain("the identity's own", typed.StandardOutput, StringComparison.Ordinal);
    }

    public void Dispose() => _directory.Dispose();
}
