using System.Security.Cryptography;
using EtcdBackupAgent.Testing;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.Etcd;
using EtcdBackupAgent.Testing.Processes;
using Xunit;

namespace EtcdBackupAgent.EndToEndTests.Image;

/// <summary>
/// Runs the image as the manifests do: read-only, without capabilities, as an unprivileged user and as root.
/// <c>eng/image-test</c> runs these tests; <c>eng/test</c> does not.
/// </summary>
[Trait(Need, Docker)]
public sealed class ImageTests(BuiltImage image) : IClassFixture<BuiltImage>, IDisposable
{
    private const string Need = "Needs";
    private const string Docker = "Docker";

    private readonly TestDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [DockerFact]
    public async Task The_image_runs_as_an_unprivileged_user_and_shows_its_version()
    {
        ToolResult version = await image.RunAsync(["version"]);

        Assert.StartsWith("etcd-backup-agent ", version.Output, StringComparison.Ordinal);
        Assert.Equal("65532:65532", await image.UserAsync());
    }

    [DockerFact]
    public async Task As_root_without_capabilities_it_backs_up_verifies_and_restores()
    {
        await using EtcdServer etcd = await EtcdServer.StartAsync(new EtcdServerOptions { Series = Peers.Etcd35 });
        _ = (await Tool.RunAsync(
            Peers.Etcd35.Etcdctl,
            ["--endpoints", etcd.EndpointList, "put", "/registry/secrets/default/a", "the secret"],
            EtcdServer.Api)).Output;
        string secret = Convert.ToBase64String(RandomNumberGenerator.GetBytes(24));
        string certificates = CreatePrivate("pki");
        string restored = CreatePrivate("restored");
        await WritePrivateAsync(Path.Combine(certificates, "ca.key"), secret);
        await WritePrivateAsync(_directory["passphrase"], secret);
        ImageMount backups = new(CreatePrivate("backups"), "/backups");
        Dictionary<string, string> passphrase = new(StringComparer.Ordinal) { ["ETCD_BACKUP_PASSPHRASE"] = secret };

        ToolResult created = await image.RunAsync(
            ["init", "--repository", "file:///backups", "--passphrase-file", "/passphrase"],
            asRoot: true,
            passphrase,
            backups,
            new ImageMount(_directory["passphrase"], "/passphrase", IsReadOnly: true));
        ToolResult backedUp = await image.RunAsync(
            [
                "backup", "--repository", "file:///backups", "--policy", "test", "--certs-dir", "/etc/kubernetes/pki",
                "--etcd-endpoint", etcd.EndpointList,
            ],
            asRoot: true,
            passphrase,
            backups,
            new ImageMount(certificates, "/etc/kubernetes/pki", IsReadOnly: true));
        ToolResult verified = await image.RunAsync(
            ["verify", "--deep", "latest", "--repository", "file:///backups"], asRoot: true, passphrase, backups);
        ToolResult restore = await image.RunAsync(
            ["restore", "latest", "--repository", "file:///backups", "--to", "/restore"],
            asRoot: true,
            passphrase,
            backups,
            new ImageMount(restored, "/restore"));

        Assert.Contains("Created repository", created.Output, StringComparison.Ordinal);
        Assert.Contains("Backup completed, snapshot ID: ", backedUp.Output, StringComparison.Ordinal);
        Assert.Contains(": sound", verified.Output, StringComparison.Ordinal);
        Assert.Contains("completed", restore.Output, StringComparison.Ordinal);
        ToolResult status = await Tool.RunAsync(
            Peers.Etcd35.Etcdutl,
            ["snapshot", "status", Path.Combine(restored, "etcd-snapshot.db"), "--write-out", "json"]);
        Assert.Contains("\"revision\":2", status.Output, StringComparison.Ordinal);
        string key = Path.Combine(restored, "certificates", "ca.key");
        Assert.Equal(secret, await File.ReadAllTextAsync(key));
        Assert.Equal(
            "0:600", (await Tool.RunAsync(Peers.Installed("stat"), ["-c", "%u:%a", key])).Output.Trim());
    }

    /// <summary>Creates a directory that only root can read.</summary>
    private string CreatePrivate(string name)
    {
        string path = _directory.Create(name);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return path;
    }

    private static async Task WritePrivateAsync(string file, string text)
    {
        await File.WriteAllTextAsync(file, text);
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }
}
