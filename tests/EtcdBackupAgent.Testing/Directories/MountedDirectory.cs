using EtcdBackupAgent.Testing.Processes;

namespace EtcdBackupAgent.Testing.Directories;

/// <summary>
/// A small file system in memory, mounted for one test. The mount needs root, like the tests with the peers.
/// </summary>
public sealed class MountedDirectory : IAsyncDisposable
{
    private readonly TestDirectory _directory = new();

    private MountedDirectory()
    {
    }

    public string Path => _directory.Path;

    public static async Task<MountedDirectory> CreateAsync(string options)
    {
        MountedDirectory mounted = new();
        _ = (
            await Tool.RunAsync(Peers.Installed("mount"), ["-t", "tmpfs", "-o", options, "tmpfs", mounted.Path])
        ).Output;
        return mounted;
    }

    public async Task RemountAsync(string options) =>
        _ = (await Tool.RunAsync(Peers.Installed("mount"), ["-o", $"remount,{options}", Path])).Output;

    public async ValueTask DisposeAsync()
    {
        _ = (await Tool.RunAsync(Peers.Installed("umount"), [Path])).Output;
        _directory.Dispose();
    }
}
