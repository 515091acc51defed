using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Etcd.Tls;

namespace EtcdBackupAgent.Etcd;

/// <summary>How to reach and enter an etcd cluster: values, not paths. Its text form shows the endpoints only.</summary>
public sealed record EtcdConnection
{
    /// <summary>
    /// Bytes of the snapshot that may be under way or wait for the reader. With less, etcd and the reader wait for each other, and on a
    /// machine with few cores each wait costs a change of threads on both sides (docs/performance.md). The program keeps the
    /// handler from raising it (EtcdBackupAgent.csproj), so that memory stays bounded.
    /// </summary>
    public const int SnapshotWindowBytes = 8 * 1024 * 1024;

    /// <summary>Client URLs, <c>https://</c> or <c>http://</c>; at least one. See <see cref="EtcdEndpoints.Parse"/>.</summary>
    public required IReadOnlyList<Uri> Endpoints { get; init; }

    /// <summary>Certificates of the authorities that may vouch for the servers, as PEM; null: those the system trusts.</summary>
    public string? CaCertificatesPem { get; init; }

    /// <summary>The client's certificate as PEM, followed by intermediates if there are any.</summary>
    public string? ClientCertificatePem { get; init; }

    /// <summary>The key of <see cref="ClientCertificatePem"/> as PEM: RSA, or ECDSA on P-256, P-384 or P-521; PKCS#8,
    /// PKCS#1 or SEC1; not encrypted.</summary>
    public string? ClientKeyPem { get; init; }

    /// <summary>The name or address the servers' certificates must be for, if that is not the endpoint's host.</summary>
    public string? ServerName { get; init; }

    /// <summary>etcd's own user; its role must be <c>root</c>, for etcd lets nobody else take a snapshot.</summary>
    public string? User { get; init; }

    public string? Password { get; init; }

    /// <summary>How long it may take to connect to one endpoint, TLS included.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long one call other than the snapshot and HashKV may take, connecting included.</summary>
    public TimeSpan CallTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long HashKV may take, for which the member reads its whole keyspace.</summary>
    public TimeSpan HashKvTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long the snapshot stream may give no byte while one is waited for.</summary>
    public TimeSpan NoProgressTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Takes certificates and key from PEM files; a null path leaves the value as it is.</summary>
    /// <exception cref="BackupException"><see cref="FailureReason.InvalidInput"/>, naming the file that cannot be read and why.</exception>
    public async Task<EtcdConnection> WithFilesAsync(
        string? caFile, string? certificateFile, string? keyFile, CancellationToken cancellationToken)
    {
        string? authorities = await PemFile.ReadAsync("CA certificates", caFile, cancellationToken);
        string? certificate = await PemFile.ReadAsync("client certificate", certificateFile, cancellationToken);
        string? key = await PemFile.ReadAsync("client key", keyFile, cancellationToken);
        return this with
        {
            CaCertificatesPem = authorities ?? CaCertificatesPem,
            ClientCertificatePem = certificate ?? ClientCertificatePem,
            ClientKeyPem = key ?? ClientKeyPem,
        };
    }

    /// <summary>Checks all that can be checked without connecting: the endpoints, the PEM values, the certificate's dates and key.</summary>
    /// <exception cref="BackupException"><see cref="FailureReason.InvalidInput"/>, naming the value and what is wrong with it.</exception>
    public void Validate(DateTimeOffset now)
    {
        if (Endpoints.Count == 0)
        {
            throw new BackupException(FailureReason.InvalidInput, "No etcd endpoint is given.");
        }

        foreach (Uri endpoint in Endpoints)
        {
            EtcdEndpoints.Check(endpoint);
        }

        if (ServerName is not null && Uri.CheckHostName(ServerName) == UriHostNameType.Unknown)
        {
            throw new BackupException(
                FailureReason.InvalidInput, $"The etcd server name '{ServerName}' is neither a host name nor an address.");
        }

        if (User is null != Password is null)
        {
            throw new BackupException(
                FailureReason.InvalidInput,
                User is null
                    ? "An etcd password is given without a user."
                    : $"The etcd user '{EtcdUserName.Display(User)}' is given without a password.")
            {
                Hint = EtcdUserName.PasswordHint(User),
            };
        }

        RequirePositive(ConnectTimeout, "connect timeout");
        RequirePositive(CallTimeout, "call timeout");
        RequirePositive(HashKvTimeout, "HashKV timeout");
        RequirePositive(NoProgressTimeout, "no-progress timeout");
        ReadCredentials(now).Dispose();
    }

    /// <exception cref="BackupException"><see cref="FailureReason.InvalidInput"/>, naming the value and what is wrong with it.</exception>
    internal TlsCredentials ReadCredentials(DateTimeOffset now) =>
        TlsCredentials.Read(CaCertificatesPem, ClientCertificatePem, ClientKeyPem, now);

    public override string ToString() => string.Join(',', Endpoints.Select(EtcdEndpoints.Display));

    private static void RequirePositive(TimeSpan timeout, string name)
    {
        if (timeout <= TimeSpan.Zero)
        {
            throw new BackupException(FailureReason.InvalidInput, $"The etcd {name} of {timeout} is not above zero.");
        }
    }
}
