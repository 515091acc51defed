using System.Text.Json;
using EtcdBackupAgent.EndToEndTests.Fixtures;
using EtcdBackupAgent.Testing;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.Etcd;
using EtcdBackupAgent.Testing.Processes;
using Xunit;

namespace EtcdBackupAgent.EndToEndTests.Recovery;

/// <summary>A backup can be read without the program: stored objects open with zstd, tar and sha256sum.</summary>
public sealed class StoredObjectsTests : IDisposable
{
    private readonly TestDirectory _directory = new();

    [Theory]
    [InlineData(StoreKind.Directory)]
    [InlineData(StoreKind.S3)]
    public async Task Stock_tools_open_the_stored_objects(StoreKind kind)
    {
        EtcdServer etcd = await SharedServers.EtcdAsync("3.5");
        using TestRepository repository = await TestRepository.NewAsync(kind);
        string pki = _directory.WritePki("pki");
        _ = (await repository.RunAsync("init", "--unencrypted")).Output;
        string id = await repository.BackUpAsync(etcd, "--certs-dir", pki);
        _ = (await repository.RunAsync("restore", id, "--to", _directory["restored"])).Output;
        string folder = await DownloadAsync(repository, id);

        foreach (string name in (string[])["etcd.db", "certs.tar"])
        {
            _ = (
                await Tool.RunAsync(Peers.Zstd, ["-d", "-q", $"{folder}/{name}.zst", "-o", $"{folder}/{name}"])).Output;
        }

        Assert.Equal(
            await Sha256SumAsync(_directory["restored/etcd-snapshot.db"]),
            await Sha256SumAsync($"{folder}/etcd.db"));
        string unpacked = _directory.Create("unpacked");
        _ = (await Tool.RunAsync(Peers.Tar, ["-xpf", $"{folder}/certs.tar", "-C", unpacked])).Output;
        Assert.Equal(TestTree.Describe(pki), TestTree.Describe(unpacked));
        await ManifestMatchesFilesAsync(folder);
    }

    public void Dispose() => _directory.Dispose();

    private static async Task ManifestMatchesFilesAsync(string folder)
    {
        string text = await File.ReadAllTextAsync($"{folder}/manifest.json");
        Assert.Equal(StoredDocument.DigestOf(text), StoredDocument.DigestIn(text));
        using JsonDocument manifest = JsonDocument.Parse(text);
        JsonElement[] artifacts = [.. manifest.RootElement.GetProperty("artifacts").EnumerateArray()];
        Assert.Equal(["Etcd", "Certs"], artifacts.Select(a => a.GetProperty("kind").GetString()));
        foreach (JsonElement artifact in artifacts)
        {
            string stored = $"{folder}/{Path.GetFileName(artifact.GetProperty("key").GetString())}";
            string plain = stored[..^".zst".Length];
            Assert.Equal(await Sha256SumAsync(stored), artifact.GetProperty("storedSha256").GetString());
            Assert.Equal(await Sha256SumAsync(plain), artifact.GetProperty("plainSha256").GetString());
            Assert.Equal(new FileInfo(stored).Length, artifact.GetProperty("storedBytes").GetInt64());
            Assert.Equal(new FileInfo(plain).Length, artifact.GetProperty("plainBytes").GetInt64());
        }
    }

    /// <summary>Copies the objects of the snapshot to files without the program.</summary>
    private async Task<string> DownloadAsync(TestRepository repository, string id)
    {
        string folder = _directory.Create("downloaded");
        string[] keys =
        [
            .. (await repository.KeysAsync()).Where(key => key.Contains($"-{id}/", StringComparison.Ordinal)),
        ];
        Assert.Equal(["certs.tar.zst", "etcd.db.zst", "manifest.json"], keys.Select(Path.GetFileName));
        foreach (string key in keys)
        {
            await File.WriteAllBytesAsync($"{folder}/{Path.GetFileName(key)}", await repository.ReadAsync(key));
        }

        return folder;
    }

    private static async Task<string> Sha256SumAsync(string file) =>
        (await Tool.RunAsync(Peers.Installed("sha256sum"), [file])).Output.Split(' ')[0];
}
