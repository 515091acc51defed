using EtcdBackupAgent.Configuration;
using EtcdBackupAgent.Core.Artifacts;
using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Locks;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Proxies;
using EtcdBackupAgent.Core.Secrets;
using EtcdBackupAgent.Core.Stores;
using EtcdBackupAgent.Etcd;
using EtcdBackupAgent.Kubernetes.Api.Access;
using EtcdBackupAgent.Storage.FileSystem;
using EtcdBackupAgent.Storage.S3;
using EtcdBackupAgent.Worker;
using Microsoft.Extensions.Logging;

namespace EtcdBackupAgent.Composition;

/// <summary>The only place that chooses the implementation of a port.</summary>
/// <param name="time">The clock of the whole process.</param>
internal sealed class Wiring(TimeProvider time)
{
    public TimeProvider Time { get; } = time;

    /// <summary>The proxies that requests go through, from the environment of this process.</summary>
    public static ProxyRules Proxies { get; } = ProxyRules.OfEnvironment(Environment.GetEnvironmentVariable);

    /// <summary>Creates the store of a repository. This does not connect to it yet.</summary>
    public IObjectStore Store(RepositoryChoice choice, ILoggerFactory loggers) => choice switch
    {
        DirectRepository { Directory: { } directory } => new DirectoryObjectStore(directory, Time),
        DirectRepository direct => Store(
            new S3Options
            {
                BucketName = direct.BucketName!,
                Prefix = direct.Prefix ?? "",
                Endpoint = direct.S3Endpoint,
                Region = direct.S3Region,
                CaCertificatePem = direct.S3CaCertificatePem,
                Credentials = direct.S3Credentials,
                Objects = direct.S3Objects,
            },
            direct.S3ObjectLock,
            loggers),
        ResourceRepository repository => Store(repository.Location, repository.Resources, loggers),
        _ => throw new ArgumentOutOfRangeException(nameof(choice), choice, "The kind of repository is unknown."),
    };

    /// <summary>Creates the store of a BackupLocation, with the credentials of its Secret.</summary>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.InvalidInput"/> if the Secret or one of its keys does not exist.
    /// </exception>
    public IObjectStore Store(BackupLocation location, ResourceSet resources, ILoggerFactory loggers)
    {
        if (location.Url.IsFile)
        {
            return new DirectoryObjectStore(location.Url.LocalPath, Time);
        }

        SecretContent? secret = location.Credentials is { } name ? resources.Secrets.GetValueOrDefault(name) : null;
        return Store(
            new S3Options
            {
                BucketName = location.BucketName!,
                Prefix = location.Prefix ?? "",
                Endpoint = location.Url,
                Region = location.Region,
                PathStyle = location.PathStyle,
                CaCertificatePem = location.CaCertificate,
                Objects = location.Objects,
                Credentials = new S3Credentials
                {
                    AccessKey = StoreKey(location, secret, SecretKeys.StoreAccessKey),
                    SecretKey = StoreKey(location, secret, SecretKeys.StoreSecretKey),
                },
            },
            location.ObjectLock,
            loggers);
    }

    /// <summary>Creates the source of an etcd cluster's snapshots. This does not connect to the cluster yet.</summary>
    public ISnapshotSource Etcd(EtcdConnection connection, ILoggerFactory loggers) =>
        new EtcdSnapshotSource(connection, Time, loggers.CreateLogger<EtcdSnapshotSource>());

    /// <summary>Creates the source of an etcd cluster's changes. This does not connect to the cluster yet.</summary>
    public IChangeSource EtcdChanges(EtcdConnection connection, ILoggerFactory loggers) =>
        new EtcdChangeSource(connection, Time, loggers.CreateLogger<EtcdChangeSource>());

    /// <summary>Creates the adapters for the backup of a policy.</summary>
    public PolicyBackupParts BackupParts(ScratchSpace scratch, ILoggerFactory loggers) => new()
    {
        OpenStore = (location, resources) => Store(location, resources, loggers),
        OpenEtcd = connection => Etcd(connection, loggers),
        OpenObjects = async (selected, cancellationToken) => OpenedBackupSource.Of(
            await ApiAccess.LoadAsync(
                kubeconfigFile: null, context: null, Environment.GetEnvironmentVariable, Time, cancellationToken),
            selected,
            Time),
        OpenChanges = connection => EtcdChanges(connection, loggers),
        Scratch = scratch,
        Time = Time,
    };

    private LockedObjectStore Store(S3Options options, LockRule? objectLock, ILoggerFactory loggers) => new(
        new S3ObjectStore(options with { Proxies = Proxies }, Time, loggers.CreateLogger<S3ObjectStore>()),
        objectLock,
        Time);

    private static string StoreKey(BackupLocation location, SecretContent? secret, string key) =>
        secret is not null && secret.Data.TryGetValue(key, out byte[]? text)
            ? SecretText.Token(text, $"The key '{key}' of Secret {location.Credentials}")
            : throw new BackupException(
                FailureReason.InvalidInput,
                $"BackupLocation {location.Name} needs the key '{key}' of its Secret {location.Credentials}, "
                + "which does not exist.");
}
