using System.Text;
using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Etcd;

namespace EtcdBackupAgent.Configuration;

/// <summary>What to back up and how many to keep: out of a policy document, or out of options.</summary>
internal sealed record BackupPlan
{
    public required EtcdConnection Etcd { get; init; }

    public string? CertsDirectory { get; init; }

    public required ResourceName Policy { get; init; }

    /// <summary>How often the member is asked for HashKV.</summary>
    public PolicyHashKv HashKv { get; init; } = PolicyHashKv.Daily;

    /// <summary>How many complete snapshots to keep; null to prune nothing.</summary>
    public int? Retain { get; init; }

    /// <summary>When the snapshot is verified deeply.</summary>
    public PolicyVerification Verify { get; init; } = PolicyVerification.Never;

    /// <summary>Text that goes into the manifest as it is.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Joins a policy with the Secret it names.</summary>
    /// <exception cref="BackupException"><see cref="FailureReason.InvalidInput"/> if the Secret is needed and absent.</exception>
    public static BackupPlan Of(BackupPolicy policy, ResourceSet resources)
    {
        SecretContent? secret = resources.Secrets.GetValueOrDefault(policy.EtcdCredentials);
        if (secret is null && policy.EtcdEndpoints.Any(e => e.Scheme == Uri.UriSchemeHttps))
        {
            throw new BackupException(
                FailureReason.InvalidInput,
                $"Policy {policy.Name} reads etcd over TLS, but its Secret {policy.EtcdCredentials} is not there.");
        }

        return new BackupPlan
        {
            Etcd = new EtcdConnection
            {
                Endpoints = policy.EtcdEndpoints,
                CaCertificatesPem = Pem(secret, "ca.crt"),
                ClientCertificatePem = Pem(secret, "client.crt"),
                ClientKeyPem = Pem(secret, "client.key"),
                ServerName = policy.EtcdServerName,
            },
            CertsDirectory = policy.CertsDirectory,
            Policy = policy.Name,
            HashKv = policy.HashKv,
            Retain = policy.RetainNumBackups,
            Verify = policy.Verify,
            Labels = PolicyLabels.Of(policy),
        };
    }

    public BackupRequest Request(BackupReason reason) => new()
    {
        Policy = Policy,
        Reason = reason,
        CertsDirectory = CertsDirectory,
        HashKv = HashKv,
        RetainNumBackups = Retain,
        Labels = Labels,
    };

    private static string? Pem(SecretContent? secret, string key) =>
        secret is not null && secret.Data.TryGetValue(key, out byte[]? pem) ? Encoding.UTF8.GetString(pem) : null;
}
