using System.Net.Sockets;
using EtcdBackupAgent.EndToEndTests.Fixtures;
using EtcdBackupAgent.Testing;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.Processes;
using Xunit;

namespace EtcdBackupAgent.EndToEndTests.Failures;

/// <summary>Certificates directories that cannot be read or that contain special files.</summary>
public sealed class CertificateDirectoryTests : IDisposable
{
    private readonly TestDirectory _directory = new();
    private readonly TestRepository _repository = TestRepository.InDirectory();

    [Fact]
    public async Task A_missing_directory_is_named_and_nothing_is_stored()
    {
        ToolResult result = await _repository.RunAsync(await BackupAsync(_directory["nowhere"]));

        Assert.Equal(7, result.ExitCode);
        Assert.Contains(_directory["nowhere"], result.StandardError, StringComparison.Ordinal);
        Assert.Contains("hint: ", result.StandardError, StringComparison.Ordinal);
        Assert.Equal(["repository.json"], await _repository.KeysAsync());
    }

    [Fact]
    public async Task A_directory_that_contains_the_repository_is_rejected_and_nothing_is_stored()
    {
        string around = Directory.CreateSymbolicLink(
            _directory["link"], Path.GetDirectoryName(_repository.DirectoryPath)!).FullName;
        ToolResult result = await _repository.RunAsync(await BackupAsync(around));

        Assert.Equal(2, result.ExitCode);
        Assert.Contains("is in the certificates directory", result.StandardError, StringComparison.Ordinal);
        Assert.Contains("hint: ", result.StandardError, StringComparison.Ordinal);
        Assert.Equal(["repository.json"], await _repository.KeysAsync());
    }

    [Fact]
    public async Task Names_of_any_bytes_are_backed_up_verified_and_restored()
    {
        string pki = _directory.Create("pki");
        OddTree.Write(pki, seed: 7);
        File.CreateSymbolicLink(Path.Combine(pki, "link"), "to\nnowhere");
        await File.WriteAllTextAsync(Path.Combine(pki, "line\nfeed"), "content");

        _ = (await _repository.RunAsync(await BackupAsync(pki))).Output;
        _ = (await _repository.RunAsync("verify", "latest", "--deep")).Output;
        _ = (await _repository.RunAsync("restore", "latest", "--to", _directory["target"])).Output;
        _ = (await _repository.RunAsync("restore", "latest", "--to", _directory["target"], "--overwrite")).Output;

        Assert.Equal(
            OddTree.Describe(pki, modeBits: 0x1FF),
            OddTree.Describe(_directory["target/certificates"], modeBits: 0x1FF));
    }

    [Fact]
    public async Task A_socket_is_skipped_with_a_warning()
    {
        string pki = _directory.Create("pki");
        await File.WriteAllTextAsync(Path.Combine(pki, "ca.crt"), "authority");
        using Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(Path.Combine(pki, "agent.sock")));

        ToolResult result = await _repository.RunAsync(await BackupAsync(pki));

        Assert.Equal(0, result.ExitCode);
        string warning = Assert.Single(
            result.StandardError.Split('\n'), line => line.StartsWith("warning: ", StringComparison.Ordinal));
        Assert.Contains("agent.sock", warning, StringComparison.Ordinal);
        _ = (await _repository.RunAsync("restore", "latest", "--to", _directory["target"])).Output;
        Assert.Equal(
            [_directory["target/certificates/ca.crt"]],
            Directory.GetFileSystemEntries(_directory["target/certificates"]));
    }

    [Fact]
    public async Task A_file_without_read_permission_is_named_and_nothing_is_stored()
    {
        string pki = _directory.Create("pki");
        string key = Path.Combine(pki, "ca.key");
        await File.WriteAllTextAsync(key, "secret");
        File.SetUnixFileMode(key, UnixFileMode.None);

        // The tests run as root, which can read any file, so the agent runs as root without that capability.
        ToolResult result = await Tool.RunAsync(
            Peers.Setpriv,
            [
                "--bounding-set",
                "-dac_override,-dac_read_search",
                "--",
                Agent.Path,
                .. await BackupAsync(pki),
                .. _repository.Options,
            ],
            Agent.Environment(added: null));

        Assert.Equal(7, result.ExitCode);
        Assert.Contains(key, result.StandardError, StringComparison.Ordinal);
        Assert.Contains("hint: ", result.StandardError, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", result.StandardError, StringComparison.Ordinal);
        Assert.Equal(["repository.json"], await _repository.KeysAsync());
    }

    public void Dispose()
    {
        _repository.Dispose();
        _directory.Dispose();
    }

    private async Task<string[]> BackupAsync(string certificates)
    {
        await PastBackups.MakeAsync(_repository.Store, "default");
        return ["backup", "--certs-dir", certificates, .. EtcdArguments.Of(await SharedServers.EtcdAsync("3.5"))];
    }
}
