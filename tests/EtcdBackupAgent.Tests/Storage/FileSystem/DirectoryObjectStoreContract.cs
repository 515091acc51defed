using EtcdBackupAgent.Core.Stores;
using EtcdBackupAgent.Storage.FileSystem;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.Storage;

namespace EtcdBackupAgent.Tests.Storage.FileSystem;

public sealed class DirectoryObjectStoreContract : ObjectStoreContract, IDisposable
{
    private readonly TestDirectory _directory = new();

    protected override int PieceBytes => 1 << 20;

    protected override int ManyObjects => 60;

    public void Dispose() => _directory.Dispose();

    protected override IObjectStore Open(string prefix) =>
        new DirectoryObjectStore(_directory[prefix], TimeProvider.System);
}
