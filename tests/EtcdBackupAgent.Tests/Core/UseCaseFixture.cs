using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.Keys;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Storage.FileSystem;
using EtcdBackupAgent.Testing.Directories;

namespace EtcdBackupAgent.Tests.Core;

/// <summary>A directory repository in a temporary directory, a certificates directory, and runs over them.</summary>
internal sealed class UseCaseFixture : IDisposable
{
    private readonly TestDirectory _directory = new();

    public UseCaseFixture()
    {
        Store = new DirectoryObjectStore(RepositoryPath, TimeProvider.System);
        Directory.CreateDirectory(Path.Combine(CertsPath, "etcd"));
        File.WriteAllText(Path.Combine(CertsPath, "ca.crt"), "authority");
        File.WriteAllText(Path.Combine(CertsPath, "etcd", "ca.key"), "secret");
        File.CreateSymbolicLink(Path.Combine(CertsPath, "current.crt"), "ca.crt");
    }

    public static IProgress<TransferProgress> NoProgress { get; } = new Progress<TransferProgress>();

    public IObjectStore Store { get; }

    public string RepositoryPath => _directory["repository"];

    public string CertsPath => _directory["pki"];

    public string this[string name] => _directory[name];

    public Task<BackupRepository> InitAsync() =>
        BackupRepository.InitAsync(Store, new Unprotected(), TimeProvider.System, CancellationToken.None);

    public static BackupRun Run(BackupRepository repository, ISnapshotSource source, TimeProvider? time = null) =>
        new(repository, source, "1.2.3", time ?? TimeProvider.System);

    public BackupRequest Request(bool certs = true) => new()
    {
        Policy = new ResourceName(ResourceName.NamespaceDefault, "nightly"),
        Reason = BackupReason.OnDemand,
        CertsDirectory = certs ? CertsPath : null,
    };

    /// <summary>Makes a snapshot of <paramref name="bytes"/> and the certificates.</summary>
    public Task<BackupOutcome> BackUpAsync(BackupRepository repository, byte[] bytes, TimeProvider? time = null) =>
        Run(repository, SnapshotBytes.Source(bytes), time).ExecuteAsync(Request(), NoProgress, CancellationToken.None);

    /// <summary>Relative paths of all files in the repository, those of unfinished writes included.</summary>
    public IReadOnlyList<string> StoredFiles() => Directory.Exists(RepositoryPath)
        ?
        [
            .. Directory.EnumerateFiles(RepositoryPath, "*", SearchOption.AllDirectories)
                .Select(path => Path.GetRelativePath(RepositoryPath, path))
                .Order(StringComparer.Ordinal),
        ]
        : [];

    public void Dispose()
    {
        Store.Dispose();
        _directory.Dispose();
    }
}
