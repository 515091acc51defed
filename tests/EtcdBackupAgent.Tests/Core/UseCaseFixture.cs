using EtcdBackupAgent.Archive.Age;
using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Core.Stores;
using EtcdBackupAgent.Core.Transfers;
using EtcdBackupAgent.Core.Verification;
using EtcdBackupAgent.Snapshots.Verification;
using EtcdBackupAgent.Storage.FileSystem;
using EtcdBackupAgent.Testing.Directories;
using Microsoft.Win32.SafeHandles;

namespace EtcdBackupAgent.Tests.Core;

/// <summary>
/// A directory repository in a temporary directory, a certificates directory, and the use cases on them.
/// </summary>
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

    public string ScratchPath => _directory["scratch"];

    public string CertsPath => _directory["pki"];

    public string this[string name] => _directory[name];

    public Task<BackupRepository> InitAsync() =>
        BackupRepository.InitAsync(Store, new Unprotected(), TimeProvider.System, CancellationToken.None);

    public static BackupRun Run(BackupRepository repository, ISnapshotSource source, TimeProvider? time = null) =>
        new(repository, source, "1.2.3", time ?? TimeProvider.System);

    public BackupRequest Request(bool certs = true) => new()
    {
        Policy = new ResourceName(ResourceName.NamespaceDefault, "nightly"),
        Occasion = BackupOccasion.Of(BackupReason.OnDemand),
        CertsDirectory = certs ? CertsPath : null,
    };

    /// <summary>Backs up <paramref name="bytes"/> and the certificates.</summary>
    public Task<BackupOutcome> BackUpAsync(BackupRepository repository, byte[] bytes, TimeProvider? time = null) =>
        Run(repository, SnapshotBytes.Source(bytes), time).ExecuteAsync(Request(), NoProgress, CancellationToken.None);

    /// <summary>
    /// Returns a deep verification in which <paramref name="look"/> replaces the check of the database; null for a
    /// sound database.
    /// </summary>
    public DeepVerifyRun DeepVerifyRun(
        BackupRepository repository,
        Func<SafeFileHandle, long, HashKv?, CancellationToken, SnapshotProof>? look = null,
        IReadOnlyList<AgeIdentity>? identities = null,
        TimeProvider? time = null,
        string? scratch = null)
    {
        Directory.CreateDirectory(ScratchPath);
        return new DeepVerifyRun(
            repository, identities ?? [], scratch ?? ScratchPath, "1.2.3", time ?? TimeProvider.System)
        {
            Verify = look ?? ((_, _, _, _) => Proof()),
        };
    }

    /// <summary>Returns a result of the check of a database in which the given part has failed.</summary>
    public static SnapshotProof Proof(CheckedPart? failed = null) => new()
    {
        Checks =
        [
            .. Enum.GetValues<CheckedPart>().Select(part => new SnapshotCheck
            {
                Part = part,
                Result = part == failed ? CheckResult.Failed : CheckResult.Passed,
                Detail = $"looked at {part}",
                Problems = part == failed ? [$"{part} is wrong at page 3"] : [],
            }),
        ],
    };

    /// <summary>
    /// Returns the relative paths of all files in the repository, including those of unfinished writes.
    /// </summary>
    public IReadOnlyList<string> StoredFiles() => Directory.Exists(RepositoryPath)
        ?
        [
            .. Directory.EnumerateFiles(RepositoryPath, "*", SearchOption.AllDirectories)
                .Select(path => Path.GetRelativePath(RepositoryPath, path))
                .Order(StringComparer.Ordinal),
        ]
        : [];

    /// <summary>Makes the objects of a snapshot this old by the store's clock.</summary>
    public void Age(SnapshotFolder folder, TimeSpan age)
    {
        foreach (string file in Directory.EnumerateFiles(Path.Combine(RepositoryPath, folder.ToString())))
        {
            File.SetLastWriteTimeUtc(file, TimeProvider.System.GetUtcNow().UtcDateTime - age);
        }
    }

    public void Dispose()
    {
        Store.Dispose();
        _directory.Dispose();
    }
}
