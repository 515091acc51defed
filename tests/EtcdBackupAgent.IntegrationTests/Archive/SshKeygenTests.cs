using System.Text;
using EtcdBackupAgent.Archive.Signatures;
using EtcdBackupAgent.Testing;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.Processes;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.Archive;

/// <summary>
/// Signatures can be checked without this program: stock ssh-keygen checks ours, and this implementation checks those
/// of stock ssh-keygen.
/// </summary>
public sealed class SshKeygenTests : IDisposable
{
    private const string Namespace = "etcd-backup-agent-manifest";

    /// <summary>Enough for each length of both integers of a signature: one in 256 is shorter by a byte.</summary>
    private const int Rounds = 2000;

    private readonly TestDirectory _scratch = new();
    private readonly SigningKey _key = SigningKey.Create();
    private readonly byte[] _document = Encoding.UTF8.GetBytes("{\"id\": \"1a2b3c4d\"}\n");

    [Fact]
    public async Task Ssh_keygen_accepts_our_signature_and_refuses_another_document_or_namespace()
    {
        await WriteSignersAsync($"agent {_key.PublicKey}");
        await File.WriteAllBytesAsync(_scratch["manifest.sig"], SshSignature.Sign(_key, Namespace, _document));

        ToolResult good = await VerifyAsync(Namespace, _document);
        ToolResult changed = await VerifyAsync(Namespace, [.. _document, 0]);
        ToolResult replayed = await VerifyAsync("etcd-backup-agent-statement", _document);

        Assert.True(good.ExitCode == 0, good.StandardError);
        Assert.Contains(_key.PublicKey.Fingerprint, good.Output, StringComparison.Ordinal);
        Assert.NotEqual(0, changed.ExitCode);
        Assert.NotEqual(0, replayed.ExitCode);
    }

    [Theory]
    [InlineData("ed25519", "sha512")]
    [InlineData("ed25519", "sha256")]
    [InlineData("ecdsa", "sha512")]
    [InlineData("ecdsa", "sha256")]
    public async Task Signatures_of_ssh_keygen_are_verified(string type, string hash)
    {
        await RunAsync("-q", "-t", type, "-N", "", "-C", "owner@host", "-f", _scratch["key"]);
        await File.WriteAllBytesAsync(_scratch["manifest"], _document);
        await RunAsync(
            "-q", "-Y", "sign", "-O", $"hashalg={hash}", "-f", _scratch["key"], "-n", Namespace, _scratch["manifest"]);
        SshPublicKey owner = SshPublicKey.Parse((await File.ReadAllTextAsync(_scratch["key.pub"])).Trim());
        byte[] armored = await File.ReadAllBytesAsync(_scratch["manifest.sig"]);

        SshSignature signature = SshSignature.Read(armored);

        Assert.Equal(owner, signature.Key);
        Assert.Contains(
            owner.Fingerprint, (await RunAsync("-l", "-f", _scratch["key.pub"])).Output, StringComparison.Ordinal);
        Assert.True(signature.Verifies(Namespace, _document));
        Assert.False(signature.Verifies(Namespace, [.. _document, 0]));
        Assert.False(signature.Verifies("file", _document));
    }

    [Fact]
    public async Task Ssh_keygen_reads_our_private_key_and_signs_with_it()
    {
        File.WriteAllText(_scratch["key.pem"], _key.ToPem());
        File.SetUnixFileMode(_scratch["key.pem"], UnixFileMode.UserRead | UnixFileMode.UserWrite);
        string shown = (await RunAsync("-y", "-f", _scratch["key.pem"])).Output.Trim();
        await File.WriteAllBytesAsync(_scratch["manifest"], _document);

        // ssh-keygen signs only with a public key beside a private one in PEM.
        await File.WriteAllTextAsync(_scratch["key.pem.pub"], $"{shown}\n");
        await RunAsync("-q", "-Y", "sign", "-f", _scratch["key.pem"], "-n", Namespace, _scratch["manifest"]);

        Assert.Equal(_key.PublicKey, SshPublicKey.Parse(shown));
        Assert.True(SshSignature.Read(await File.ReadAllBytesAsync(_scratch["manifest.sig"]))
            .Verifies(Namespace, _document));
    }

    [Fact]
    public async Task A_key_of_ssh_keygen_signs_after_its_conversion_to_pem()
    {
        await RunAsync("-q", "-t", "ecdsa", "-N", "", "-f", _scratch["key"]);
        SignatureException refused = Assert.Throws<SignatureException>(
            () => SigningKey.FromPem(File.ReadAllText(_scratch["key"])));
        await RunAsync("-q", "-p", "-m", "PKCS8", "-N", "", "-f", _scratch["key"]);

        using SigningKey converted = SigningKey.FromPem(File.ReadAllText(_scratch["key"]));

        Assert.Contains("ssh-keygen -p -m PKCS8", refused.Message, StringComparison.Ordinal);
        Assert.Equal(SshPublicKey.Parse(File.ReadAllText(_scratch["key.pub"]).Trim()), converted.PublicKey);
    }

    [Fact]
    public async Task Keys_that_ssh_keygen_accepts_in_a_list_of_signers_are_accepted_and_no_others()
    {
        string key = $"{_key.PublicKey}";
        string[] lines =
        [
            $"agent {key}",
            $"agent namespaces=\"file,etcd-backup-agent-*\" {key} a comment",
            $"\"agent\" namespaces=\"etcd-backup-agent-statement\" {key}",
            $"agent valid-before=\"20200101\" {key}",
            $"agent valid-after=\"20200101Z\",valid-before=\"21000101120000Z\" {key}",
            $"agent valid-after=\"21000101\" {key}",
        ];
        await File.WriteAllBytesAsync(_scratch["manifest.sig"], SshSignature.Sign(_key, Namespace, _document));
        foreach (string line in lines)
        {
            await WriteSignersAsync(line);

            bool stock = (await VerifyAsync(Namespace, _document)).ExitCode == 0;

            Assert.True(
                stock == Assert.Single(AllowedSigners.Read(line))
                    .Allows(Namespace, TimeProvider.System.GetUtcNow()),
                line);
        }
    }

    [Fact]
    public void Each_of_many_signatures_is_verified_whatever_the_lengths_of_its_integers()
    {
        for (int i = 0; i < Rounds; i++)
        {
            byte[] document = BitConverter.GetBytes(i);
            Assert.True(SshSignature.Read(SshSignature.Sign(_key, Namespace, document)).Verifies(Namespace, document));
        }
    }

    public void Dispose()
    {
        _key.Dispose();
        _scratch.Dispose();
    }

    private Task WriteSignersAsync(string line) => File.WriteAllTextAsync(_scratch["signers"], line + "\n");

    private Task<ToolResult> VerifyAsync(string @namespace, byte[] document) => Tool.RunAsync(
        Peers.SshKeygen,
        [
            "-Y", "verify", "-f", _scratch["signers"], "-I", "agent", "-n", @namespace, "-s", _scratch["manifest.sig"],
        ],
        standardInput: new MemoryStream(document));

    private static async Task<ToolResult> RunAsync(params string[] arguments)
    {
        ToolResult result = await Tool.RunAsync(Peers.SshKeygen, arguments);
        Assert.True(result.ExitCode == 0, result.StandardError);
        return result;
    }
}
