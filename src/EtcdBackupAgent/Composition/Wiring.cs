using System.Text;
using EtcdBackupAgent.Configuration;
using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Keys;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Etcd;
using EtcdBackupAgent.Kubernetes.Resources;
using EtcdBackupAgent.Storage.FileSystem;
using EtcdBackupAgent.Storage.S3;
using Microsoft.Extensions.Logging;

namespace EtcdBackupAgent.Composition;

/// <summary>The only place that puts ports and implementations together.</summary>
internal static class Wiring
{
    public static TimeProvider Time => TimeProvider.System;

    /// <summary>The store of the repository that is named; nothing is connected to yet.</summary>
    public static IObjectStore Store(RepositoryChoice choice, ILoggerFactory loggers) => choice switch
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
            },
            loggers),
        ResourceRepository named => Store(named.Location, named.Resources, loggers),
        _ => throw new ArgumentOutOfRangeException(nameof(choice), choice, "An unknown way to name a repository."),
    };

    /// <summary>The store of a BackupLocation, with the credentials of its Secret.</summary>
    /// <exception cref="BackupException"><see cref="FailureReason.InvalidInput"/> if the Secret or a key of it is absent.</exception>
    public static IObjectStore Store(BackupLocation location, ResourceSet resources, ILoggerFactory loggers)
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
                Credentials = new S3Credentials
                {
                    AccessKey = SecretText(location, secret, "access_key"),
                    SecretKey = SecretText(location, secret, "secret_key"),
                },
            },
            loggers);
    }

    /// <summary>
    /// Refuses a repository that is not protected as its location says. One that is named directly has no location to compare with.
    /// </summary>
    /// <exception cref="BackupException"><see cref="FailureReason.ProtectionChanged"/>.</exception>
    public static Task RequireProtectionAsync(
        RepositoryChoice choice, BackupRepository repository, CancellationToken cancellationToken) =>
        choice is ResourceRepository named
            ? new ProtectionCheck(new DirectoryRecipientPins(named.Directory), Time)
                .RequireAsync(repository, named.Location, cancellationToken)
            : Task.CompletedTask;

    public static BackupRun BackupRun(BackupRepository repository, EtcdConnection etcd, ILoggerFactory loggers) =>
        new(
            repository,
            new EtcdSnapshotSource(etcd, Time, loggers.CreateLogger<EtcdSnapshotSource>()),
            AgentVersion.Text,
            Time);

    private static S3ObjectStore Store(S3Options options, ILoggerFactory loggers) =>
        new(options, Time, loggers.CreateLogger<S3ObjectStore>());

    private static string SecretText(BackupLocation location, SecretContent? secret, string key) =>
        secret is not null && secret.Data.TryGetValue(key, out byte[]? text)
            ? Encoding.UTF8.GetString(text).Trim()
            : throw new BackupException(
                FailureReason.InvalidInput,
                $"BackupLocation {location.Name} needs the key '{key}' of its Secret {location.Credentials}, which is not there.");
}
