using System.Text;
using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Etcd;

namespace EtcdBackupAgent.Configuration;

/// <summary>A policy joined with the Secret that it names.</summary>
/// <param name="Etcd">How to reach the etcd cluster; null if objects are backed up.</param>
/// <param name="Objects">The objects to back up; null if etcd is backed up.</param>
/// <param name="Request">What to back up, and how many snapshots to keep.</param>
/// <param name="Verify">When the snapshot is verified deeply.</param>
internal sealed record BackupPlan(
    EtcdConnection? Etcd, PolicyObjects? Objects, BackupRequest Request, PolicyVerification Verify)
{
    /// <param name="policy">What to back up.</param>
    /// <param name="resources">Contains the policy's Secret.</param>
    /// <param name="occasion">Why the backup is made, for the manifest.</param>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.InvalidInput"/>: the policy reads etcd over TLS and its Secret does not exist.
    /// </exception>
    public static BackupPlan Of(BackupPolicy policy, ResourceSet resources, BackupOccasion occasion)
    {
        SecretContent? secret = resources.Secrets.GetValueOrDefault(policy.EtcdCredentials);
        if (secret is null && policy.EtcdEndpoints.Any(e => e.Scheme == Uri.UriSchemeHttps))
        {
            throw new BackupException(
                FailureReason.InvalidInput,
                $"Policy {policy.Name} reads etcd over TLS, but its Secret {policy.EtcdCredentials} does not exist.");
        }

        return new BackupPlan(
            policy.Objects is not null ? null : new EtcdConnection
            {
                Endpoints = policy.EtcdEndpoints,
                CaCertificatesPem = Pem(secret, SecretKeys.EtcdCaCertificates),
                ClientCertificatePem = Pem(secret, SecretKeys.EtcdClientCertificate),
                ClientKeyPem = Pem(secret, SecretKeys.EtcdClientKey),
                ServerName = policy.EtcdServerName,
            },
            policy.Objects,
            new BackupRequest
            {
                Policy = policy.Name,
                Occasion = occasion,
                CertsDirectory = policy.CertsDirectory,
                HashKv = policy.HashKv,
                Increments = policy.Increments,
                Retention = policy.Retention,
                Labels = PolicyLabels.Of(policy),
            },
            policy.Verify);
    }

    private static string? Pem(SecretContent? secret, string key) =>
        secret is not null && secret.Data.TryGetValue(key, out byte[]? pem) ? Encoding.UTF8.GetString(pem) : null;
}
