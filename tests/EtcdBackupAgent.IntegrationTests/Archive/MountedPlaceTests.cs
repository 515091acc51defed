using EtcdBackupAgent.Archive.Posix;
using EtcdBackupAgent.Testing;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.Processes;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.Archive;

/// <summary>Tests with real mounts. Like the peers, they need root.</summary>
public sealed class MountedPlaceTests : IDisposable
{
    private readonly TestDirectory _scratch = new();

    [Fact]
    public async Task A_directory_is_recognized_through_a_bind_mount_and_through_its_parent()
    {
        string repository = _scratch.Create("certs/backup");
        string mounted = _scratch.Create("elsewhere");
        _ = (await Tool.RunAsync(Peers.Installed("mount"), ["--bind", repository, mounted])).Output;
        try
        {
            Assert.True(DirectoryPlace.Of(_scratch["certs"]).Contains(DirectoryPlace.Of(mounted)));
            Assert.True(DirectoryPlace.Of(_scratch["certs"]).Contains(DirectoryPlace.Of($"{mounted}/new")));
            Assert.True(DirectoryPlace.Of(mounted).Contains(DirectoryPlace.Of(repository)));
            Assert.False(DirectoryPlace.Of(mounted).Contains(DirectoryPlace.Of(_scratch["certs"])));
        }
        finally
        {
            _ = (await Tool.RunAsync(Peers.Installed("umount"), [mounted])).Output;
        }
    }

    [Fact]
    public async Task A_file_system_that_is_mounted_below_a_directory_belongs_to_it()
    {
        await using MountedDirectory disk = await MountedDirectory.CreateAsync("size=1m");
        DirectoryPlace parent = DirectoryPlace.Of(Path.GetDirectoryName(disk.Path)!);
        Assert.True(parent.Contains(DirectoryPlace.Of($"{disk.Path}/repository")));
        Assert.False(DirectoryPlace.Of(_scratch.Path).Contains(DirectoryPlace.Of(disk.Path)));
    }

    public void Dispose() => _scratch.Dispose();
}
