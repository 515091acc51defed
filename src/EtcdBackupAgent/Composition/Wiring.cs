using EtcdBackupAgent.Archive.Age;
using EtcdBackupAgent.Configuration;
using EtcdBackupAgent.Core.Artifacts;
using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Keys;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Proxies;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Core.Secrets;
using EtcdBackupAgent.Core.Stores;
using EtcdBackupAgent.Core.Verification;
using EtcdBackupAgent.Etcd;
using EtcdBackupAgent.Resources.Directories;
using EtcdBackupAgent.Runtime;
using EtcdBackupAgent.Storage.FileSystem;
using EtcdBackupAgent.Storage.S3;
using Microsoft.Extensions.Logging;

namespace EtcdBackupAgent.Composition;

/// <summary>The only place that puts ports and implementations together.</summary>
internal static class Wiring
{
    public static TimeProvider Time => TimeProvider.System;

    /// <summary>Which proxies requests go through: what the environment of this process says.</summary>
    public static ProxyRules Proxies { get; } = ProxyRules.OfEnvironment(Environment.GetEnvironmentVariable);

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
                Objects = direct.S3Objects,
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
                Objects = location.Objects,
                Credentials = new S3Credentials
                {
                    AccessKey = StoreKey(location, secret, "access_key"),
                    SecretKey = StoreKey(location, secret, "secret_key"),
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

    /// <summary>What makes a backup, and verifies it if the plan says so.</summary>
    /// <param name="repository">Where to.</param>
    /// <param name="plan">What to back up, and whether to verify it.</param>
    /// <param name="openKeys">Opens what is needed to look into the backup; called once it is made, so that until then no key is there.</param>
    /// <param name="scratch">Where to put what a slow repository has not taken yet.</param>
    /// <param name="loggers">Where the log goes.</param>
    public static BackupRun BackupRun(
        BackupRepository repository,
        BackupPlan plan,
        Func<CancellationToken, Task<OpenedKeys>> openKeys,
        ScratchSpace scratch,
        ILoggerFactory loggers) =>
        new(
            repository,
            new EtcdSnapshotSource(plan.Etcd, Time, loggers.CreateLogger<EtcdSnapshotSource>()),
            AgentVersion.Text,
            Time)
        {
            Scratch = scratch,
            VerifyAfter = plan.Verify == PolicyVerification.Never
                ? null
                : async (id, progress, cancellationToken) =>
                {
                    using OpenedKeys keys = await openKeys(cancellationToken);
                    return await DeepVerifyRun(repository, keys, scratchDirectory: null)
                        .VerifyAsync(id.Value, progress, cancellationToken)
                        .SingleAsync(cancellationToken);
                },
        };

    /// <param name="repository">Where the snapshots are.</param>
    /// <param name="keys">What opens them.</param>
    /// <param name="scratchDirectory">Where a database lies while it is looked into; null for the system's directory for such files.</param>
    public static DeepVerifyRun DeepVerifyRun(BackupRepository repository, OpenedKeys keys, string? scratchDirectory) =>
        new(repository, keys.Identities, scratchDirectory ?? Path.GetTempPath(), AgentVersion.Text, Time);

    /// <inheritdoc cref="DeepVerifyRun"/>
    public static InspectRun InspectRun(BackupRepository repository, OpenedKeys keys, string? scratchDirectory) =>
        new(repository, keys.Identities, scratchDirectory ?? Path.GetTempPath());

    /// <summary>The key of a location's repository, opened by the passphrase in its Secret; none where it needs none.</summary>
    /// <exception cref="BackupException"><see cref="FailureReason.KeyRefused"/>, <see cref="FailureReason.InvalidInput"/>.</exception>
    public static async Task<OpenedKeys> OpenKeysAsync(
        BackupRepository repository, BackupLocation location, ResourceSet resources, CancellationToken cancellationToken)
    {
        if (location.Encryption is not PassphraseLocation secret)
        {
            return new OpenedKeys([]);
        }

        using AgePassphrase passphrase = PassphraseText.OfSecret(secret, resources);
        return new OpenedKeys([await new RepositoryKeys(repository, Time).OpenAsync(passphrase, cancellationToken)]);
    }

    private static S3ObjectStore Store(S3Options options, ILoggerFactory loggers) =>
        new(options with { Proxies = Proxies }, Time, loggers.CreateLogger<S3ObjectStore>());

    private static string StoreKey(BackupLocation location, SecretContent? secret, string key) =>
        secret is not null && secret.Data.TryGetValue(key, out byte[]? text)
            ? SecretText.Token(text, $"The key '{key}' of Secret {location.Credentials}")
            : throw new BackupException(
                FailureReason.InvalidInput,
                $"BackupLocation {location.Name} needs the key '{key}' of its Secret {location.Credentials}, which is not there.");
}
