using System.Globalization;
using EtcdBackupAgent.EndToEndTests.Fixtures;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.Etcd;
using EtcdBackupAgent.Testing.Processes;
using Xunit;

namespace EtcdBackupAgent.EndToEndTests.CommandLine;

/// <summary>The table of exit codes in <c>docs/cli.md</c>, each from a real situation.</summary>
public sealed class ExitCodeTests : IDisposable
{
    private readonly TestDirectory _directory = new();

    [Fact]
    public async Task A_missing_file_exits_with_2()
    {
        using TestRepository repository = TestRepository.InDirectory();
        Expect(2, "/nowhere/ca.crt", await repository.RunAsync(
            "backup", "--etcd-endpoint", "https://127.0.0.1:1", "--etcd-ca-file", "/nowhere/ca.crt"));
    }

    [Fact]
    public async Task An_invalid_document_exits_with_2_and_its_line_is_named()
    {
        await File.WriteAllTextAsync(_directory["location.yaml"], """
            apiVersion: kubedr.catalogicsoftware.com/v1alpha1
            kind: BackupLocation
            metadata: {name: disk}
            spec: {ulr: file:///x}
            """);
        ToolResult result = await Agent.RunAsync(["list", "--resources", _directory.Path, "--location", "disk"]);
        Expect(2, "error: BackupLocation kubedr-system/disk in ", result);
        Assert.Contains("location.yaml:4", result.StandardError, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unreachable_etcd_exits_with_3()
    {
        using TestRepository repository = TestRepository.InDirectory();
        _ = (await repository.RunAsync("init", "--unencrypted")).Output;
        string endpoint = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{FreePort.Take()}");
        Expect(3, endpoint, await repository.RunAsync("backup", "--etcd-endpoint", endpoint));
        Assert.Equal(["repository.json"], await repository.KeysAsync());
    }

    [Fact]
    public async Task A_wrong_secret_key_of_the_store_exits_with_4()
    {
        using TestRepository repository = await TestRepository.NewAsync(StoreKind.S3);
        IReadOnlyDictionary<string, string?> wrong = TestRepository.Credentials(
            repository.Environment["AWS_ACCESS_KEY_ID"]!,
            "wrong");
        Expect(
            4,
            repository.BucketName!,
            await Agent.RunAsync(["init", "--unencrypted", .. repository.Options], wrong));
    }

    [Fact]
    public async Task A_missing_repository_and_a_second_init_exit_with_5()
    {
        using TestRepository repository = TestRepository.InDirectory();
        Expect(5, repository.DirectoryPath, await repository.RunAsync("list"));
        _ = (await repository.RunAsync("init", "--unencrypted")).Output;
        Expect(5, repository.DirectoryPath, await repository.RunAsync("init", "--unencrypted"));
    }

    [Fact]
    public async Task A_later_format_version_exits_with_5()
    {
        using TestRepository repository = TestRepository.InDirectory();
        _ = (await repository.RunAsync("init", "--unencrypted")).Output;
        string path = Path.Combine(repository.DirectoryPath, "repository.json");
        string later = (await File.ReadAllTextAsync(path)).Replace(
            "\"formatVersion\": 1",
            "\"formatVersion\": 3",
            StringComparison.Ordinal);
        await File.WriteAllTextAsync(path, StoredDocument.Sealed(later));
        Expect(5, "3", await repository.RunAsync("list"));
    }

    [Fact]
    public async Task The_beginning_of_an_ID_selects_a_snapshot_and_exits_with_5_unless_one_matches()
    {
        using TestRepository repository = await TestRepository.WithSnapshotAsync();
        string id = SnapshotFolderOf(repository)[^8..];
        string twin = id[..7] + (id[7] == '0' ? '1' : '0');
        CopySnapshot(repository, id, twin);

        Assert.Contains(twin, (await repository.RunAsync("show", twin)).Output, StringComparison.Ordinal);
        Expect(5, $"{id[..7]}", await repository.RunAsync("show", id[..7]));
        string other = id[0] == '0' ? "1" : "0";
        Expect(5, other, await repository.RunAsync("show", other));
        _ = (await repository.RunAsync("delete", twin, "--yes")).Output;
        Assert.Contains(id, (await repository.RunAsync("show", id[..3])).Output, StringComparison.Ordinal);
        Assert.Contains(id, (await repository.RunAsync("show", "latest")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Damaged_data_exits_with_6_and_restores_nothing()
    {
        using TestRepository repository = await TestRepository.WithSnapshotAsync();
        string artifact = Path.Combine(
            repository.DirectoryPath,
            "snapshots",
            SnapshotFolderOf(repository),
            "etcd.db.zst");
        await using (FileStream stored = new(artifact, FileMode.Open))
        {
            stored.Position = stored.Length / 2;
            int old = stored.ReadByte();
            stored.Position--;
            stored.WriteByte((byte)(old ^ 1));
        }

        ToolResult verify = await repository.RunAsync("verify", "latest");
        Assert.Equal(6, verify.ExitCode);
        Assert.Contains("DAMAGED", verify.StandardOutput, StringComparison.Ordinal);
        Assert.Equal(6, (await repository.RunAsync("verify", "--all")).ExitCode);
        Expect(6, "etcd.db.zst", await repository.RunAsync("restore", "latest", "--to", _directory["out"]));
        Assert.False(File.Exists(_directory["out/etcd-snapshot.db"]));
    }

    [Fact]
    public async Task Unusable_local_files_exit_with_7()
    {
        EtcdServer etcd = await SharedServers.EtcdAsync("3.5");
        using TestRepository repository = await TestRepository.WithSnapshotAsync();
        Expect(7, _directory["nowhere"], await repository.RunAsync(
            ["backup", "--certs-dir", _directory["nowhere"], .. EtcdArguments.Of(etcd)]));

        string precious = Path.Combine(_directory.Create("out"), "precious");
        await File.WriteAllTextAsync(precious, "mine");
        Expect(7, "'precious'", await repository.RunAsync("restore", "latest", "--to", _directory["out"]));
        _ = (await repository.RunAsync("restore", "latest", "--to", _directory["out"], "--overwrite")).Output;
        Assert.Equal("mine", await File.ReadAllTextAsync(precious));
        Assert.Equal(["out/etcd-snapshot.db", "out/precious"], _directory.Files());
    }

    [Fact]
    public async Task An_unconfirmed_removal_exits_with_8()
    {
        using TestRepository repository = await TestRepository.WithSnapshotAsync();
        string[] before = await repository.KeysAsync();
        Expect(8, "was not removed", await repository.RunAsync("delete", "latest"));
        Assert.Equal(before, await repository.KeysAsync());
        _ = (await repository.RunAsync("delete", "latest", "--yes")).Output;
        Assert.Equal(["repository.json"], await repository.KeysAsync());
    }

    public void Dispose() => _directory.Dispose();

    /// <summary>A failure names its subject on standard error, and standard output stays empty.</summary>
    private static void Expect(int exitCode, string subject, ToolResult result)
    {
        Assert.Equal((exitCode, ""), (result.ExitCode, result.StandardOutput));
        Assert.Contains(subject, result.StandardError, StringComparison.Ordinal);
        Assert.Contains("error: ", result.StandardError, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", result.StandardError, StringComparison.Ordinal);
    }

    private static string SnapshotFolderOf(TestRepository repository) =>
        Path.GetFileName(Directory.GetDirectories(Path.Combine(repository.DirectoryPath, "snapshots")).Single());

    private static void CopySnapshot(TestRepository repository, string id, string newId)
    {
        string folder = Directory.GetDirectories(Path.Combine(repository.DirectoryPath, "snapshots")).Single();
        string copy = Directory.CreateDirectory(folder.Replace(id, newId, StringComparison.Ordinal)).FullName;
        File.Copy(Path.Combine(folder, "etcd.db.zst"), Path.Combine(copy, "etcd.db.zst"));
        string manifest = File.ReadAllText(Path.Combine(folder, "manifest.json"));
        File.WriteAllText(
            Path.Combine(copy, "manifest.json"),
            StoredDocument.Sealed(manifest.Replace(id, newId, StringComparison.Ordinal)));
    }
}
